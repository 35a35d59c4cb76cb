import { canonicalJson, topologyLabel } from '../../point/index.ts'
import { loadLabel } from '../load-label.ts'
import type { MeasuredPoint } from '../measured-point.ts'

/** The same point in two runs. */
export interface Pair {
  readonly base: MeasuredPoint
  readonly head: MeasuredPoint
  /** Set when the engine settings differ: the change under test may be just that. */
  readonly note: string
}

export interface Matching {
  readonly pairs: readonly Pair[]
  readonly onlyBase: readonly MeasuredPoint[]
  readonly onlyHead: readonly MeasuredPoint[]
}

/**
 * Pairs points by what was asked of the system, not by hash: another build, host or file path must not hinder a comparison. First
 * equal topology, engine settings, workload and load; what is left by topology, workload and load, where that is unambiguous.
 */
export function matchPoints(base: readonly MeasuredPoint[], head: readonly MeasuredPoint[]): Matching {
  const exact = pairBy(base, head, point => canonicalJson([asked(point), point.deployment.engine]), '')
  const loose = pairBy(exact.onlyBase, exact.onlyHead, point => canonicalJson(asked(point)), 'engine settings differ')
  return { ...loose, pairs: [...exact.pairs, ...loose.pairs] }
}

/** What is asked of the system, engine settings apart. The model's name and the sample size are compared as environment instead. */
export function asked(point: MeasuredPoint) {
  const { workload, load, deployment } = point
  return {
    topology: topologyLabel(deployment.topology),
    gpus: deployment.gpusPerWorker,
    isl: workload.isl,
    osl: workload.osl,
    prefix: workload.prefix,
    conversation: workload.conversation,
    dataset: workload.datasetFile?.split('/').at(-1),
    level: load.level,
    api: load.api,
    streaming: load.streaming,
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
    pairs.push({ base: b, head: h, note })
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
