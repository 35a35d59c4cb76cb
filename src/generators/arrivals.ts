import { type ArrivalLimit, arrivalSource, type ScheduledLevel } from '../model/index.ts'

/** Send times in ms after the start, ascending, all at once; see {@link arrivalSource}. */
export function arrivalTimesMs(level: ScheduledLevel, limit: ArrivalLimit, seed: number): Float64Array {
  const next = arrivalSource(level, limit, seed)
  const times: number[] = []
  for (let at = next(); at < Number.POSITIVE_INFINITY; at = next()) times.push(at)
  return Float64Array.from(times)
}
