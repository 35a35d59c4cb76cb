import { canonicalJson, topologyLabel } from '../../model/index.ts'
import { loadLabel } from '../load-label.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { differenceOfKind } from './comparable.ts'

/** The same point in two runs. */
export interface Pair {
  readonly base: MeasuredPoint
  readonly head: MeasuredPoint
  /** Set if the engine settings differ, which may be the change under test. */
  readonly note: string
  /** Why the figures cannot be compared: `window: whole → steady`; empty if they can. */
  readonly unlike: string
}

/** Points of two runs, matched to each other. */
export interface Matching {
  readonly pairs: readonly Pair[]
  readonly onlyBase: readonly MeasuredPoint[]
  readonly onlyHead: readonly MeasuredPoint[]
}

/**
 * Matches points by what was requested, not by hash, so that another build, host or file path does not prevent a
 * comparison. First by equal deployments; then by equal topology, variant, engine settings, workload and load; then
 * without engine settings, if unambiguous; and last by topology, lengths and load level alone, so that incomparable
 * points are reported as such instead of as missing.
 */
export function matchPoints(base: readonly MeasuredPoint[], head: readonly MeasuredPoint[]): Matching {
  const keys: readonly (readonly [key: (point: MeasuredPoint) => unknown, note: string])[] = [
    // A renamed or newly named variant deploys the same as before.
    [point => [{ ...asked(point), variant: null }, point.deployment.id], ''],
    [point => [asked(point), point.deployment.engine], ''],
    [asked, 'engine settings differ'],
    [point => [subjectOf(point), point.deployment.engine], ''],
    [subjectOf, 'engine settings differ'],
  ]
  return keys.reduce<Matching>(
    (before, [key, note]) => {
      const more = pairBy(before.onlyBase, before.onlyHead, point => canonicalJson(key(point)), note)
      return { ...more, pairs: [...before.pairs, ...more.pairs] }
    },
    { pairs: [], onlyBase: base, onlyHead: head },
  )
}

/** Properties that distinguish a point, measured or not. */
export type PointSubject = Pick<MeasuredPoint, 'workload' | 'load' | 'deployment'>

/**
 * Request made of the system, without engine settings. The model's name and the sample size are compared as environment
 * instead.
 */
export function asked(point: PointSubject) {
  const { workload, load } = point
  return {
    ...subjectOf(point),
    dataset: workload.datasetSha256 ?? workload.datasetFile?.split('/').at(-1),
    api: load.api,
    streaming: load.streaming,
  }
}

/**
 * Subject of a point: deployment, lengths and load level. How it was requested or measured is not part of it, see
 * {@link differenceOfKind}.
 */
export function subjectOf({ workload, load: { level }, deployment }: PointSubject) {
  return {
    topology: topologyLabel(deployment.topology),
    variant: deployment.variant,
    gpus: deployment.gpusPerWorker,
    isl: workload.isl,
    osl: workload.osl,
    prefix: workload.prefix,
    conversation: workload.conversation,
    level: level.kind === 'trace' ? { ...level, file: level.file.split('/').at(-1) } : level,
  }
}

function pairBy(
  base: readonly MeasuredPoint[],
  head: readonly MeasuredPoint[],
  key: (point: MeasuredPoint) => string,
  note: string,
): Matching {
  const bases = Map.groupBy(base, key)
  const heads = Map.groupBy(head, key)
  const pairs: Pair[] = []
  for (const [k, [b, ...moreBase]] of bases) {
    const [h, ...moreHead] = heads.get(k) ?? []
    if (b === undefined || h === undefined || moreBase.length > 0 || moreHead.length > 0) continue
    pairs.push({ base: b, head: h, note, unlike: differenceOfKind(b, h) })
  }
  const paired = new Set(pairs.flatMap(pair => [pair.base, pair.head]))
  return {
    pairs,
    onlyBase: base.filter(point => !paired.has(point)),
    onlyHead: head.filter(point => !paired.has(point)),
  }
}

/** Name of a point in a comparison: `2P1D, 8000/256, concurrency 64`. */
export function pointName(point: MeasuredPoint): string {
  return `${point.label}, ${point.workload.name}, ${loadLabel(point.load.level)}`
}
