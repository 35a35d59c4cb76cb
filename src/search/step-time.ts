import type { Observation } from './observe.ts'

/** Seconds per token of a worker with this many active sequences. */
export type StepTime = (sequences: number) => number

/** Token times of a worker by its number of active sequences. */
export interface Pace {
  /** Mean ITL, seconds. */
  readonly itlS: StepTime
  /**
   * Seconds per token as users see them: the mean tokens/s of users is higher than the mean ITL implies, if some wait
   * longer than others.
   */
  readonly tokenS: StepTime
}

/**
 * @param seen observations of one kind of worker
 * @param sequencesOf active sequences of the worker in an observation
 */
export function paceOf(seen: readonly Observation[], sequencesOf: (o: Observation) => number): Pace {
  return {
    itlS: stepTime(seen.map(o => [sequencesOf(o), o.itlS])),
    tokenS: stepTime(seen.map(o => [sequencesOf(o), 1 / o.x])),
  }
}

/** Point of a curve: active sequences per worker and seconds per token. */
type Knot = readonly [sequences: number, seconds: number]

/**
 * Active sequences per decode worker by Little's law: tokens/s × seconds per token. At least 1, because a worker that
 * is idle at times still has one whenever it takes a step.
 */
export const sequencesPerWorker = ({ requestsPerS, osl, itlS, cell }: Observation): number =>
  Math.max(1, (requestsPerS * osl * itlS) / cell.decode.workers)

/**
 * Seconds per token of one kind of worker by active sequences, from all deployments with such workers: linear
 * interpolation, because a step has a fixed part and one that grows with the batch, made monotone by isotonic
 * regression so that noise does not look like a step. Beyond the ends it continues with the power at that end, which
 * errs towards measuring more, because the exponent of such a step grows too.
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
    return low[1] + ((sequences - low[0]) / (high[0] - low[0])) * (high[1] - low[1])
  }
}

/** Exponent of the step time as a function of the batch, between two knots; 0 without two knots. */
function powerBetween(low: Knot | undefined, high: Knot | undefined): number {
  if (low === undefined || high === undefined || high[0] <= low[0]) return 0
  return Math.min(1, Math.max(0, Math.log(high[1] / low[1]) / Math.log(high[0] / low[0])))
}

/**
 * Pools decreasing neighbors until none is left (Ayer et al. 1955). Each pool is flat from its first knot to its last.
 */
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

/** Index of the first knot with at least this many sequences. */
function firstFrom(curve: readonly Knot[], sequences: number): number {
  let [low, high] = [0, curve.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((curve[middle]?.[0] ?? 0) >= sequences) high = middle
    else low = middle + 1
  }
  return low
}
