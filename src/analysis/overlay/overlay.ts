import { leftOutIn } from '../../journal/index.ts'
import type { Run } from '../../journal/run.ts'
import { type Figure, figures } from '../../metrics/figures/index.ts'
import { canonicalJson, defined, FulcrumError, type Workload } from '../../model/index.ts'
import { kindOf } from '../compare/comparable.ts'
import { type EnvironmentDifference, environmentDifferences } from '../compare/environment.ts'
import { type MeasuredPoint, measuredPoints } from '../measured-point.ts'
import { originOf } from '../origin.ts'
import { meetsSlo, objectives } from '../slo.ts'
import { type Axis, axesOf, axisFigures } from './axes.ts'
import { facets as allFacets, type Facet } from './facets.ts'

/** Several runs in one chart, each with its own frontiers. */
export interface Overlay {
  /** In the given order; conditions of later runs are compared with the first. */
  readonly runs: readonly OverlayRun[]
  readonly axes: readonly Axis[]
  /** Figures that can be an axis; every point has an estimate of each, or null. */
  readonly figures: readonly Figure[]
  /**
   * Workloads of all runs in first-seen order. If two different workloads have the same name, the names are numbered.
   */
  readonly workloads: readonly string[]
  readonly facets: readonly Facet[]
}

/** One run of an overlay. */
export interface OverlayRun {
  readonly run: Run
  /** Unique. */
  readonly label: string
  readonly points: readonly OverlayPoint[]
  /** Planned points without a result, except those that a search skipped: the run's frontier may be higher. */
  readonly missing: number
  /** Differences from the first run, with conditions that weaken the comparison first; empty for the first run. */
  readonly differences: readonly EnvironmentDifference[]
}

/** One point of an overlay. */
export interface OverlayPoint {
  readonly point: MeasuredPoint
  /** One of {@link Overlay.workloads}. */
  readonly workload: string
  /** Kind of figures; only points of one kind share a frontier. */
  readonly kind: string
  readonly slo: 'no SLO' | 'yes' | 'no'
  /** By facet, in the order of {@link Overlay.facets}; empty if unknown. */
  readonly facets: readonly string[]
}

/** A run or a part of one, and its name in the chart. */
export interface NamedRun {
  readonly label: string
  readonly run: Run
  /** For a part: planned points of the whole run without a result. */
  readonly missing?: number
}

/** Splits a run by variant, in first-seen order; returns it unchanged with at most one variant. */
export function partsByVariant({ label, run }: NamedRun): readonly NamedRun[] {
  const parts = Map.groupBy(run.results, ({ point }) => point.deployment.variant ?? 'no variant')
  if (parts.size < 2) return [{ label, run }]
  const missing = missingPoints(run)
  return [...parts].map(([variant, results]) => ({ label: `${label} · ${variant}`, run: { ...run, results }, missing }))
}

/** Maximum runs that a chart can distinguish: the number of color and shape pairs. */
export const mostRuns = 56

/**
 * Combines the frontiers of several runs. Pure. Workloads are matched by content instead of name, so that different
 * workloads with the same name never share a frontier.
 * @throws FulcrumError (bad-input) for no run, more than {@link mostRuns}, or two runs with the same label
 */
export function overlayOf(
  named: readonly NamedRun[],
  registry: readonly Figure[] = figures,
  facets: readonly Facet[] = allFacets,
): Overlay {
  const [first] = named
  if (first === undefined || named.length > mostRuns)
    throw new FulcrumError(
      'bad-input',
      'too-many-runs',
      `An overlay shows 1 to ${mostRuns} runs, not ${named.length}.`,
      {
        remedy: 'Leave out some runs, because more could not be told apart by color and shape.',
      },
    )
  const twice = named.find(({ label }, at) => named.findIndex(other => other.label === label) < at)
  if (twice !== undefined)
    throw new FulcrumError('bad-input', 'same-label', `Two runs have the label "${twice.label}".`, {
      remedy: 'Give each run its own --label.',
    })
  const asAxes = axisFigures(registry)
  const names = workloadNames()
  const runs = named.map(({ label, run, missing = missingPoints(run) }) => {
    const { deployer, about } = originOf(run.manifest)
    const aboutRun = { deployedWith: [deployer, about].filter(text => text !== '').join(', ') }
    return {
      run,
      label,
      points: measuredPoints(run, withObjectives(asAxes, registry)).map(point => ({
        point,
        workload: names.of(point.workload),
        kind: kindOf(point),
        slo:
          objectives(point).length === 0 ? ('no SLO' as const) : meetsSlo(point) ? ('yes' as const) : ('no' as const),
        facets: facets.map(facet => facet.of(point, aboutRun)),
      })),
      missing,
      differences: run === first.run ? [] : environmentDifferences(first.run, run),
    }
  })
  const points = runs.flatMap(run => run.points.map(({ point }) => point))
  return { runs, axes: axesOf(asAxes, points), figures: asAxes, workloads: names.all(), facets }
}

function missingPoints({ manifest, results, lines }: Run): number {
  const settled = new Set([
    ...results.map(({ point }) => point.id),
    ...leftOutIn(lines).flatMap(({ points }) => points.flatMap(({ pointIds }) => pointIds)),
  ])
  return Math.max(0, manifest.plan.points - settled.size)
}

/** Figures of the axes, plus those of SLO objectives. */
function withObjectives(axes: readonly Figure[], registry: readonly Figure[]): readonly Figure[] {
  const needed = new Set(['ttft_p95_ms', 'itl_p95_ms', 'request_latency_p95_ms', ...axes.map(({ name }) => name)])
  return registry.filter(({ name }) => needed.has(name))
}

/** Names the workloads of all runs. */
function workloadNames() {
  const byContent = new Map<string, string>()
  const uses = new Map<string, number>()
  return {
    of: (workload: Workload): string => {
      const content = contentOf(workload)
      const known = byContent.get(content)
      if (known !== undefined) return known
      const count = (uses.get(workload.name) ?? 0) + 1
      uses.set(workload.name, count)
      const name = count === 1 ? workload.name : `${workload.name} (${count})`
      byContent.set(content, name)
      return name
    },
    all: () => [...byContent.values()],
  }
}

/** Content of a workload. Paths of other checkouts and other names do not make another workload. */
function contentOf({ name: _, datasetFile, ...rest }: Workload): string {
  const file = rest.datasetSha256 === undefined ? datasetFile?.split('/').at(-1) : undefined
  return canonicalJson({ ...rest, ...defined({ datasetFile: file }) })
}
