import type { Run } from '../../journal/run.ts'
import { priceBehind, unitText } from '../../metrics/figures/energy.ts'
import { type Figure, figures, figuresIn } from '../../metrics/figures/index.ts'
import { canonicalJson } from '../../model/index.ts'
import { analyse } from '../analyse.ts'
import { windowsOf } from '../compare/comparable.ts'
import { asked } from '../compare/match.ts'
import { loadLabel } from '../load-label.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import type { Noise } from '../statistics/repeat-noise.ts'
import { pooledNoise } from '../statistics/repeat-noise.ts'

/** A run in a history. */
export interface HistoryRun {
  readonly runId: string
  readonly folder: string
  readonly createdAt: string
  /** Null outside a repository. */
  readonly revision: string | null
}

/** Subject of a series: the best of a workload, its frontier, or one point. */
export interface SeriesSubject {
  readonly workload: string
  /** `best under the SLO`, `frontier`, or the point's deployment. */
  readonly deployment: string
  readonly load: string
}

/** One figure over runs. */
export interface Series {
  /** Stable over time. */
  readonly key: string
  readonly subject: SeriesSubject
  readonly figure: Pick<Figure, 'name' | 'title' | 'better'> & { readonly unit: string }
  /** Mean over the valid repeats of each run that has any, oldest run first; above 0. */
  readonly values: readonly { readonly run: number; readonly mean: number; readonly repeats: number }[]
  /** Noise between repeats within a run, pooled over all runs; null without repeats. */
  readonly noise: Noise | null
}

/** Hypervolume of a workload's frontier. It belongs to a whole run, so no measurement has it. */
export const frontierArea = {
  name: 'hypervolume',
  title: 'Hypervolume',
  unit: '',
  better: 'higher',
} as const satisfies Series['figure']

interface Sample {
  readonly subject: SeriesSubject
  readonly figure: Series['figure']
  readonly run: number
  readonly values: readonly number[]
}

/** Series of runs in the given order (oldest first): each workload's frontier, then every point's figures. */
export function seriesOf(runs: readonly Run[], registry: readonly Figure[] = figures): readonly Series[] {
  const samples = new Map<string, Sample[]>()
  const add = (key: string, sample: Sample) => {
    const known = samples.get(key)
    if (known === undefined) samples.set(key, [sample])
    else known.push(sample)
  }
  for (const [index, run] of runs.entries()) addRun(run, index, figuresIn('history', registry), add)
  const series = [...samples].map(([key, of]) => joined(key, of))
  const first = series.filter(one => one.key.startsWith('workload'))
  return [...first, ...series.filter(one => !one.key.startsWith('workload'))].filter(one => one.values.length > 0)
}

function addRun(
  run: Run,
  index: number,
  followed: readonly Figure[],
  add: (key: string, sample: Sample) => void,
): void {
  const analysis = analyse(run)
  for (const { name, hypervolume, points, workload } of analysis.workloads) {
    // The frontier of only some points is not comparable.
    if (run.manifest.only === undefined && run.ended?.outcome === 'complete' && hypervolume > 0) {
      const { isl, osl, prefix, conversation, datasetSha256: dataset } = workload
      add(`workload ${windowPrefix(points)}${canonicalJson({ isl, osl, prefix, conversation, dataset })}`, {
        subject: { workload: name, deployment: 'frontier', load: 'all' },
        figure: frontierArea,
        run: index,
        values: [hypervolume],
      })
    }
    for (const point of points) {
      for (const figure of followed) {
        const values = point.valid.flatMap(measurement => figure.of(measurement, point.deployment) ?? [])
        if (values.length === 0 || values.some(value => value <= 0)) continue
        // Figures with another price form another series, because the change does not come from the build.
        const prices = [...new Set(point.valid.map(m => priceBehind(figure, m)))].sort().join('; ')
        const unit = unitText(figure, point.valid)
        const key = canonicalJson([asked(point), point.deployment.engine, ...(prices === '' ? [] : [prices])])
        add(`point ${figure.name} ${windowPrefix([point])}${key}`, {
          subject: { workload: name, deployment: point.label, load: loadLabel(point.load.level) },
          figure: unit === figure.unit ? figure : { ...figure, unit },
          run: index,
          values,
        })
      }
    }
  }
}

/** Figures of a steady window and of a whole run form two series. */
function windowPrefix(points: readonly MeasuredPoint[]): string {
  const windows = [...new Set(points.filter(({ status }) => status === 'ok').map(windowsOf))].sort().join(' and ')
  return windows === '' || windows === 'whole' ? '' : `${windows} `
}

/** Uses the names of the newest run: labels change when deployments that they distinguish join the sweep. */
function joined(key: string, samples: readonly Sample[]): Series {
  const last = samples.at(-1)
  if (last === undefined) throw new RangeError('a series without samples')
  return {
    key,
    subject: last.subject,
    figure: last.figure,
    values: samples.map(({ run, values }) => ({
      run,
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      repeats: values.length,
    })),
    noise: pooledNoise(samples.map(sample => sample.values)),
  }
}
