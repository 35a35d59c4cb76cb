import { canonicalJson, topologyLabel } from '../../model/index.ts'
import { loadLabel } from '../load-label.ts'
import type { MeasuredPoint } from '../measured-point.ts'
import { differenceOfKind } from './comparable.ts'

/** The same point in two runs. */
export interface Pair {
  readonly base: MeasuredPoint
  readonly head: MeasuredPoint
  /** Set when the engine settings differ: the change under test may be just that. */
  readonly note: string
  /** Why the figures of the two can't be held against each other: `window: whole → steady`; empty when they can. */
  readonly unlike: string
}

export interface Matching {
  readonly pairs: readonly Pair[]
  readonly onlyBase: readonly MeasuredPoint[]
  readonly onlyHead: readonly MeasuredPoint[]
}

/**
 * Pairs points by what was asked of the system, not by hash: another build, host or file path must not hinder a
 * comparison. First equal deployments; then equal topology, variant, engine settings, workload and load; what is left
 * without engine settings, where that is unambiguous; and what is left then by topology, lengths and load level alone,
 * so that what can't be compared is named rather than missing.
 */
export function matchPoints(base: readonly MeasuredPoint[], head: readonly MeasuredPoint[]): Matching {
  const keys: readonly (readonly [key: (point: MeasuredPoint) => unknown, note: string])[] = [
    // A variant that was renamed, or has got a name, deploys what it did.
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

/** What tells a point from others, measured or not. */
export type PointSubject = Pick<MeasuredPoint, 'workload' | 'load' | 'deployment'>

/**
 * What is asked of the system, engine settings apart. The model's name and the sample size are compared as environment
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
 * What a point is about: deployment, lengths and load level; not how it was asked or measured, see {@link
 * differenceOfKind}.
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

/** `2P1D, 8000/256, concurrency 64`: a point's name in a comparison. */
export function pointName(point: MeasuredPoint): string {
  return `${point.label}, ${point.workload.name}, ${loadLabel(point.load.level)}`
}
