import type { Observation } from './observe.ts'

/** Seconds a token of a worker with so many sequences at work. */
export type StepTime = (sequences: number) => number

/** A worker's tokens, by how much it has to do. */
export interface Pace {
  /** Mean ITL, seconds. */
  readonly itlS: StepTime
  /**
   * Seconds a token as users see it: their mean tokens/s is more than the mean ITL says, where some wait longer than
   * others.
   */
  readonly tokenS: StepTime
}

/**
 * @param seen the observations of one kind of worker
 * @param sequencesOf what a worker has to do in one of them
 */
export function paceOf(seen: readonly Observation[], sequencesOf: (o: Observation) => number): Pace {
  return {
    itlS: stepTime(seen.map(o => [sequencesOf(o), o.itlS])),
    tokenS: stepTime(seen.map(o => [sequencesOf(o), 1 / o.x])),
  }
}

/** What a curve is drawn through: sequences at work in each worker, and seconds a token. */
type Knot = readonly [sequences: number, seconds: number]

/**
 * Sequences at work in each decode worker, by Little's law: tokens/s × seconds a token. At least 1: a worker that is
 * idle at times has one whenever it takes a step.
 */
export const sequencesPerWorker = ({ requestsPerS, osl, itlS, cell }: Observation): number =>
  Math.max(1, (requestsPerS * osl * itlS) / cell.decode.workers)

/**
 * Seconds a token of one kind of worker against its sequences, from every deployment that has such workers: straight
 * lines on logarithms between what was measured, never falling (isotonic regression, so that noise does not pass for a
 * step). Beyond both ends it goes on with the power that it had there, which errs towards measuring more: a step's time
 * is a fixed part and one that grows with the batch, so its power of the batch grows too.
 */
function stepTime(measured: readonly Knot[]): StepTime {
  const curve = isotonic(measured.toSorted((a, b) => a[0] - b[0]))
  const [first, last] = [curve[0], curve.at(-1)]
  if (first === undefined || last === undefined) return () => Number.NaN
  const [rising, risen] = [
    powerBetween(
      first,
      curve.find(([b]) => b >= 1.5 * first[0]),
    ),
    powerBetween(
      curve.findLast(([b]) => b <= last[0] / 1.5),
      last,
    ),
  ]
  return sequences => {
    if (sequences <= first[0]) return first[1] * Math.max(0.6, (sequences / first[0]) ** rising)
    if (sequences >= last[0]) return last[1] * (sequences / last[0]) ** risen
    const above = firstFrom(curve, sequences)
    const [low, high] = [curve[above - 1] ?? first, curve[above] ?? last]
    return low[1] * (sequences / low[0]) ** powerBetween(low, high)
  }
}

/** Power of the batch with which the step's time rises between two; 0 without two. */
function powerBetween(low: Knot | undefined, high: Knot | undefined): number {
  if (low === undefined || high === undefined || high[0] <= low[0]) return 0
  return Math.min(1, Math.max(0, Math.log(high[1] / low[1]) / Math.log(high[0] / low[0])))
}

/** Pools neighbours that fall until none does (Ayer et al. 1955); each pool is flat from its first knot to its last. */
function isotonic(rising: readonly Knot[]): readonly Knot[] {
  const pools: { readonly from: number; readonly to: number; readonly seconds: number; readonly weight: number }[] = []
  for (const [sequences, seconds] of rising) {
    let pool = { from: sequences, to: sequences, seconds, weight: 1 }
    for (let before = pools.at(-1); before !== undefined; before = pools.at(-1)) {
      if (before.seconds < pool.seconds && before.to < pool.from) break
      pools.pop()
      const weight = before.weight + pool.weight
      const joined = (before.seconds * before.weight + pool.seconds * pool.weight) / weight
      pool = { from: before.from, to: pool.to, seconds: joined, weight }
    }
    pools.push(pool)
  }
  return pools.flatMap(({ from, to, seconds }): Knot[] =>
    from === to
      ? [[from, seconds]]
      : [
          [from, seconds],
          [to, seconds],
        ],
  )
}

/** Index of the first knot at or above so many sequences. */
function firstFrom(curve: readonly Knot[], sequences: number): number {
  let [low, high] = [0, curve.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((curve[middle]?.[0] ?? 0) >= sequences) high = middle
    else low = middle + 1
  }
  return low
}
