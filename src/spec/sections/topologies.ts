import { type Topology, topologyLabel, workersOf } from '../../model/index.ts'
import { listOf, reportDuplicates, type SectionContext } from '../../yaml/section-context.ts'
import type { RawTopologies, RawTopologyEntry } from '../schema/topologies.ts'

/** A topology, its path in the file and its GPU limits. */
export interface WantedTopology {
  readonly topology: Topology
  readonly path: readonly (string | number)[]
  readonly maxGpus: number
  readonly minGpus: number
}

/** Maximum number of topologies of one entry before its constraints; far above any cluster. */
const maxTopologies = 100_000

/**
 * Reads every topology in file order, without duplicates, and applies constraints on workers. GPU limits stay with each
 * topology, because GPUs per worker may depend on engine settings.
 */
export function readTopologies(raw: RawTopologies | undefined, context: SectionContext): readonly WantedTopology[] {
  const entries = raw === undefined ? [{ aggregated: 1 }] : Array.isArray(raw) ? raw : [raw]
  const wanted: WantedTopology[] = []
  const names: string[] = []
  for (const [index, entry] of entries.entries()) {
    const path = Array.isArray(raw) ? ['topologies', index] : ['topologies']
    names.push(typeof entry === 'string' ? entry : `#${index}`)
    wanted.push(...readEntry(entry, path, context))
  }
  reportDuplicates(context, ['topologies'], names, String)
  const unique = new Map(wanted.map(item => [topologyLabel(item.topology), item]))
  return [...unique.values()]
}

/**
 * Adds two topologies with as many workers as the largest disaggregated one: one with a single prefill worker and one
 * with a single decode worker. The single worker is the bottleneck there and shows what one worker can do.
 */
export function calibrating(listed: readonly WantedTopology[], context: SectionContext): readonly WantedTopology[] {
  const sizes = listed.flatMap(({ topology }) =>
    topology.kind === 'disaggregated' ? [topology.prefill + topology.decode] : [],
  )
  const most = Math.max(0, ...sizes)
  if (most < 3) {
    context.report(
      ['calibrate'],
      most === 0 ? 'no topology is disaggregated' : '1P1D has one worker of each role',
      'list a topology of three workers or more, such as 1P2D, or remove calibrate',
    )
    return listed
  }
  const known = new Set(listed.map(({ topology }) => topologyLabel(topology)))
  const added = [
    { kind: 'disaggregated' as const, prefill: 1, decode: most - 1 },
    { kind: 'disaggregated' as const, prefill: most - 1, decode: 1 },
  ].filter(topology => !known.has(topologyLabel(topology)))
  const limits = { path: ['calibrate'], maxGpus: Number.POSITIVE_INFINITY, minGpus: 0 }
  return [...listed, ...added.map(topology => ({ topology, ...limits }))]
}

function readEntry(
  entry: RawTopologyEntry,
  path: readonly (string | number)[],
  context: SectionContext,
): WantedTopology[] {
  if (typeof entry === 'string') return named(entry, path, context)
  const size = sizeOf(entry)
  if (size > maxTopologies) {
    context.report(
      path,
      `this entry has ${size} topologies`,
      `list fewer worker counts, for at most ${maxTopologies} topologies`,
    )
    return []
  }
  const all = 'aggregated' in entry ? aggregated(entry, path, context) : disaggregated(entry, path, context)
  const limits = { maxGpus: entry.max_gpus ?? Number.POSITIVE_INFINITY, minGpus: entry.min_gpus ?? 0 }
  const kept = all.filter(topology => {
    const workers = workersOf(topology, 'aggregated') + workersOf(topology, 'prefill') + workersOf(topology, 'decode')
    return workers <= (entry.max_workers ?? workers) && workers >= (entry.min_workers ?? workers)
  })
  if (kept.length === 0) {
    context.report(
      path,
      'the constraints of this entry exclude every topology',
      'relax the min_… and max_… keys, or list other worker counts',
    )
  }
  return kept.map(topology => ({ topology, path, ...limits }))
}

function sizeOf(entry: Exclude<RawTopologyEntry, string>): number {
  return 'aggregated' in entry
    ? listOf(entry.aggregated).length
    : listOf(entry.prefill).length * listOf(entry.decode).length
}

function aggregated(
  entry: Extract<RawTopologyEntry, { aggregated: unknown }>,
  path: readonly (string | number)[],
  context: SectionContext,
): Topology[] {
  const counts = listOf(entry.aggregated)
  reportDuplicates(context, [...path, 'aggregated'], counts, String)
  return counts.map(workers => ({ kind: 'aggregated', workers }))
}

function disaggregated(
  entry: Extract<RawTopologyEntry, { prefill: unknown }>,
  path: readonly (string | number)[],
  context: SectionContext,
): Topology[] {
  const prefills = listOf(entry.prefill)
  const decodes = listOf(entry.decode)
  reportDuplicates(context, [...path, 'prefill'], prefills, String)
  reportDuplicates(context, [...path, 'decode'], decodes, String)
  const within = (value: number, min: number | undefined, max: number | undefined) =>
    value >= (min ?? value) && value <= (max ?? value)
  const minRatio = entry.min_ratio === undefined ? undefined : ratioOf(entry.min_ratio)
  const maxRatio = entry.max_ratio === undefined ? undefined : ratioOf(entry.max_ratio)
  return prefills.flatMap(prefill =>
    decodes
      .filter(
        decode =>
          within(prefill, entry.min_prefill, entry.max_prefill) &&
          within(decode, entry.min_decode, entry.max_decode) &&
          // Compares products instead of quotients, because 1/3 is not exact as a number.
          (minRatio === undefined || prefill * minRatio[1] >= decode * minRatio[0]) &&
          (maxRatio === undefined || prefill * maxRatio[1] <= decode * maxRatio[0]),
      )
      .map((decode): Topology => ({ kind: 'disaggregated', prefill, decode })),
  )
}

function ratioOf(ratio: number | string): readonly [prefill: number, decode: number] {
  if (typeof ratio === 'number') return [ratio, 1]
  const [prefill = '1', decode = '1'] = ratio.split(':')
  return [Number(prefill), Number(decode)]
}

function named(name: string, path: readonly (string | number)[], context: SectionContext): WantedTopology[] {
  const [, prefill, decode] = /^(\d+)P(\d+)D$/.exec(name) ?? []
  const workers = /^agg x(\d+)$/.exec(name)?.[1]
  const limits = { maxGpus: Number.POSITIVE_INFINITY, minGpus: 0 }
  const topology: Topology =
    workers === undefined
      ? { kind: 'disaggregated', prefill: Number(prefill), decode: Number(decode) }
      : { kind: 'aggregated', workers: Number(workers) }
  const least = topology.kind === 'aggregated' ? topology.workers : Math.min(topology.prefill, topology.decode)
  if (least < 1 || least > Number.MAX_SAFE_INTEGER) {
    context.report(path, `${JSON.stringify(name)} has no workers of a role`, 'write at least one worker for each role')
    return []
  }
  return [{ topology, path, ...limits }]
}
