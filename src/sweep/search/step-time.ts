import type { Observation } from './observe.ts'

/** ITL in seconds of a decode worker with so many sequences at work. */
export type StepTime = (sequences: number) => number

/** Sequences at work in each decode worker, by Little's law: tokens/s × seconds a token. */
export const sequencesPerWorker = ({ requestsPerS, osl, itlS, cell }: Observation): number =>
  (requestsPerS * osl * itlS) / cell.decode.workers

/**
 * The ITL of one kind of decode worker against its sequences, from every deployment that has such workers: straight lines between
 * what was measured, never falling. Beyond the heaviest it rises half as steeply as last seen, which errs towards measuring more.
 */
export function stepTime(seen: readonly Observation[]): StepTime {
  const curve: (readonly [sequences: number, itlS: number])[] = []
  for (const o of seen.toSorted((a, b) => sequencesPerWorker(a) - sequencesPerWorker(b)))
    curve.push([sequencesPerWorker(o), Math.max(o.itlS, curve.at(-1)?.[1] ?? 0)])
  return sequences => {
    const after = curve.findIndex(([b]) => b >= sequences)
    const [first, last, second] = [curve[0], curve.at(-1), curve.at(-2)]
    if (first === undefined || last === undefined) return Number.NaN
    if (after === 0) return first[1]
    if (after === -1) {
      const slope = second === undefined || last[0] === second[0] ? 0 : (last[1] - second[1]) / (last[0] - second[0])
      return last[1] + (slope / 2) * (sequences - last[0])
    }
    const [low, high] = [curve[after - 1] ?? first, curve[after] ?? last]
    return low[1] + ((high[1] - low[1]) * (sequences - low[0])) / (high[0] - low[0])
  }
}
