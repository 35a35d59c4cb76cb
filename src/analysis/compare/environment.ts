import { dirname, relative } from 'node:path'
import type { PointResult } from '../../journal/event.ts'
import type { Manifest } from '../../journal/manifest.ts'
import type { Run } from '../../journal/run.ts'
import { priceBehind, sitePowerText } from '../../metrics/figures/energy.ts'
import { canonicalJson, type Load, type ValidityLimits } from '../../model/index.ts'
import { originOf } from '../origin.ts'
import { sloText } from '../slo.ts'
import { windowOfMeasurement } from './comparable.ts'
import { subjectOf } from './match.ts'
import { sectionOf } from './sweep-text.ts'

/** A difference between two runs other than their results. */
export interface EnvironmentDifference {
  readonly what: string
  readonly base: string
  readonly head: string
  /**
   * `subject`: the usual reason for a comparison (revision, versions). `conditions`: makes the comparison itself
   * doubtful.
   */
  readonly kind: 'subject' | 'conditions'
}

/**
 * A fact that affects results, and its value in a run. An empty value is unknown and does not count as a difference.
 */
interface Fact {
  readonly what: string
  readonly of: (run: Run) => string
}

/** Distinct values of a fact over a run's points, in a stable order. */
const distinct =
  (of: (result: PointResult, run: Run) => string | null) =>
  (run: Run): string =>
    [...new Set(run.results.map(result => of(result, run)).filter(value => value !== null))].sort().join(', ')

/** A sweep file key that points do not contain, or its default if the section lacks it. */
const written =
  (section: string, key: string, standard: string) =>
  ({ manifest }: Run): string => {
    const found = sectionOf(manifest, section)
    if (found === null) return ''
    const value = found[key]
    return value === undefined ? standard : typeof value === 'string' ? value : canonicalJson(value)
  }

/** A limit of validity, by its key in the sweep file. Journals of earlier versions lack some. */
const limitOf = (key: string, name: keyof ValidityLimits): Fact => ({
  what: `validity.${key}`,
  of: distinct(({ point: { limits } }) => (name in limits ? `${limits[name]}` : null)),
})

/** Conditions of the measurement: differences here make differences of figures doubtful. */
const conditions: readonly Fact[] = [
  { what: 'host', of: ({ manifest }) => manifest.host.name },
  { what: 'CPU', of: ({ manifest: { host } }) => `${host.cpu}, ${host.cores} cores` },
  { what: 'memory', of: ({ manifest: { host } }) => `${Math.round(host.memoryGib)} GiB` },
  { what: 'operating system', of: ({ manifest }) => manifest.host.os },
  { what: 'Fulcrum version', of: ({ manifest }) => manifest.versions.fulcrum },
  { what: 'model', of: distinct(({ point }) => point.deployment.model.name) },
  { what: 'tokenizer', of: distinct(({ point }, run) => fromSweep(point.deployment.model.tokenizer, run.manifest)) },
  {
    what: 'load generator',
    of: distinct(({ measurement }) => {
      return measurement === null ? null : `${measurement.generator.name} ${measurement.generator.version}`
    }),
  },
  { what: 'generator arguments', of: written('generator', 'args', 'none') },
  { what: 'shards', of: written('generator', 'shards', 'none') },
  {
    what: 'measurement window',
    of: distinct(({ measurement }) => (measurement === null ? null : windowOfMeasurement(measurement))),
  },
  { what: 'API', of: distinct(({ point }) => point.load.api) },
  { what: 'streaming', of: distinct(({ point }) => (point.load.streaming ? 'on' : 'off')) },
  { what: 'dialect', of: written('deploy', 'dialect', 'default') },
  { what: 'extra fields', of: distinct(({ point }) => canonicalJson(point.load.extra)) },
  { what: 'dataset', of: distinct(({ point }) => point.workload.datasetFile?.split('/').at(-1) ?? 'none') },
  { what: 'dataset content', of: distinct(({ point }) => point.workload.datasetSha256?.slice(0, 12) ?? null) },
  { what: 'file content', of: fileContent },
  { what: 'prompts', of: written('load', 'prompts', 'fresh') },
  {
    what: 'distinct prompts',
    of: distinct(({ point: { load } }) => perConcurrency(load.dataset, load.level)),
  },
  { what: 'seed', of: written('load', 'seed', '100') },
  {
    what: 'requests',
    of: distinct(({ point: { load } }) => requestsOf(load)),
  },
  { what: 'warm-up', of: distinct(({ point: { load } }) => warmupOf(load)) },
  { what: 'request timeout', of: distinct(({ point }) => `${point.load.timeoutMs / 1000} s`) },
  {
    what: 'grace',
    of: distinct(({ point: { load } }) => (load.durationS === undefined ? null : `${load.graceS} s`)),
  },
  { what: 'SLO', of: distinct(({ point }) => sloText(point.slo)) },
  limitOf('error_share', 'errorShare'),
  limitOf('send_lateness_p99_ms', 'sendLatenessP99Ms'),
  limitOf('event_loop_delay_p99_ms', 'eventLoopDelayP99Ms'),
  limitOf('cpu_share', 'cpuShare'),
  limitOf('run_queue_share', 'runQueueShare'),
  limitOf('isl_deviation', 'islDeviation'),
  limitOf('osl_deviation', 'oslDeviation'),
  limitOf('in_flight_share', 'inFlightShare'),
  limitOf('prefill_bypass', 'prefillBypassShare'),
  { what: 'GPUs per worker', of: distinct(({ point }) => listed(point.deployment.gpusPerWorker)) },
  { what: 'deployer', of: ({ manifest }) => originOf(manifest).deployer },
]

/** Prices affect only figures of cost. */
const pricesOf = distinct(({ measurement }) =>
  measurement === null ? null : priceBehind({ unit: 'per 1M tokens' }, measurement) || null,
)

/** Power of the site affects only figures of the site. */
const sitePowerOf = distinct(({ measurement }) =>
  measurement?.sitePower === undefined ? null : sitePowerText(measurement.sitePower),
)

/** Source of the energy, `dcgm samples`: a power model and GPUs, or a counter and power samples, differ. */
const energySourceOf = distinct(({ measurement }) => {
  const { source, isSimulated = false, energyJ = null, gpus = [] } = measurement?.gpus ?? {}
  if (source === undefined || energyJ === null) return null
  const bases = [...new Set(gpus.flatMap(({ energyFrom }) => energyFrom ?? []))].sort().join(' and ')
  return isSimulated ? 'power model' : `${source} ${bases}`.trim()
})

/** `prefill 4, decode 8`: formats differences for people. */
const listed = (values: object): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ') || 'none'

/** All differences of environment, doubtful ones first. */
export function environmentDifferences(base: Run, head: Run): readonly EnvironmentDifference[] {
  const [baseAlike, headAlike] = commonPoints(base, head)
  const b = base.manifest
  const h = head.manifest
  const systems = [...new Set([...Object.keys(b.versions), ...Object.keys(h.versions)])].filter(
    system => system !== 'fulcrum',
  )
  const facts: (readonly [string, EnvironmentDifference['kind'], string, string])[] = [
    ...conditions.map(({ what, of }) => [what, 'conditions', of(baseAlike), of(headAlike)] as const),
    ['deployed', 'subject', originOf(b).about || 'not stated', originOf(h).about || 'not stated'],
    ['git revision', 'subject', revision(base), revision(head)],
    ['price', 'subject', pricesOf(baseAlike), pricesOf(headAlike)],
    ['site power', 'subject', sitePowerOf(baseAlike), sitePowerOf(headAlike)],
    ['energy source', 'subject', energySourceOf(baseAlike), energySourceOf(headAlike)],
    ...systems.map(
      system =>
        [`${system} version`, 'subject', b.versions[system] ?? 'absent', h.versions[system] ?? 'absent'] as const,
    ),
    ...deploySettings(b, h),
  ]
  return (
    facts
      // Facts that a run lacks, for example because nothing was measured, are not differences.
      .filter(([, , before, after]) => before !== after && before !== '' && after !== '')
      .map(([what, kind, before, after]) => ({ what, kind, base: before, head: after }))
      .sort((one, other) => Number(one.kind === 'subject') - Number(other.kind === 'subject'))
  )
}

/** Both runs reduced to their common points; unchanged if they have none. Points in only one of them affect nothing. */
function commonPoints(base: Run, head: Run): readonly [Run, Run] {
  const keyOf = ({ point }: PointResult) => canonicalJson(subjectOf(point))
  const [b, h] = [new Set(base.results.map(keyOf)), new Set(head.results.map(keyOf))]
  if (b.isDisjointFrom(h)) return [base, head]
  const within = (run: Run, other: ReadonlySet<string>) => ({
    ...run,
    results: run.results.filter(result => other.has(keyOf(result))),
  })
  return [within(base, h), within(head, b)]
}

/** Keys of `deploy` reported elsewhere. */
const toldElsewhere = new Set(['with', 'profile', 'backend', 'url', 'dialect', 'gpus_per_worker'])

/** Other differences in `deploy`, key by key: usually the reason for the comparison. */
function deploySettings(base: Manifest, head: Manifest): readonly (readonly [string, 'subject', string, string])[] {
  const [b, h] = [sectionOf(base, 'deploy'), sectionOf(head, 'deploy')]
  if (b === null || h === null) return []
  const shown = (value: unknown) => (value === undefined ? 'absent' : canonicalJson(value))
  return [...new Set([...Object.keys(b), ...Object.keys(h)])]
    .filter(key => !toldElsewhere.has(key))
    .map(key => [`deploy.${key}`, 'subject', shown(b[key]), shown(h[key])] as const)
}

/** Path relative to the sweep file, which is the same in another checkout. */
function fromSweep(tokenizer: string, { sweepFile }: Manifest): string {
  return tokenizer.startsWith('/') ? relative(dirname(sweepFile), tokenizer) : tokenizer
}

/**
 * Files other than the sweep file and datasets that affect results, by content; empty in runs of versions that did not
 * record them.
 */
function fileContent({ results, manifest }: Run & { readonly manifest: { readonly files?: Files } }): string {
  if (manifest.files === undefined) return ''
  const datasets = new Set(results.map(({ point }) => point.workload.datasetFile))
  const others = Object.entries(manifest.files).filter(([path]) => !datasets.has(path))
  return others
    .map(([path, hash]) => `${path.split('/').at(-1)} ${hash.slice(0, 12)}`)
    .sort()
    .join(', ')
}

type Files = { readonly [path: string]: string }

/** Requests before the window, or the rule that ends the warm-up. */
function warmupOf({ warmup, autoWarmup, level }: Load): string {
  const least = perConcurrency(warmup, level)
  return autoWarmup === undefined ? least : `auto (${least} to ${perConcurrency(autoWarmup.max, level)})`
}

/** Number of requests, duration or rule that ends a point. */
function requestsOf({ requests, durationS, auto, level }: Load): string {
  const most = perConcurrency(requests ?? durationS, level)
  return auto === undefined ? most : `auto (${perConcurrency(auto.min, level)} to ${most}, ${auto.precision * 100}%)`
}

/** `10x` if the number is a multiple of the concurrency, so that sweeps over different loads can be compared. */
function perConcurrency(
  value: number | undefined,
  level: { readonly kind: string; readonly concurrency?: number },
): string {
  if (value === undefined) return 'default'
  if (level.kind === 'concurrency' && level.concurrency !== undefined && value % level.concurrency === 0)
    return `${value / level.concurrency}x`
  return String(value)
}

function revision({ manifest: { git } }: Run): string {
  return git === null ? 'none' : `${git.revision.slice(0, 12)}${git.dirty ? ' with uncommitted changes' : ''}`
}
