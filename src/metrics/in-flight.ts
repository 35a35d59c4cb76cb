import type { RequestRecords } from './records.ts'

/**
 * Requests in flight: the most at one moment, and the time-weighted mean from the first to the last send. After the last
 * send a run drains, which is not the generator failing to hold its concurrency; a run whose requests were all sent at
 * once has no such time, there the mean is the most.
 */
export function inFlightOf(records: RequestRecords): { readonly mean: number; readonly max: number } | null {
  const sent = records.sentMs.filter(time => !Number.isNaN(time)).sort()
  const first = sent[0]
  const last = sent.at(-1)
  if (first === undefined || last === undefined) return null
  const done = records.doneMs.filter(
    (time, row) => !Number.isNaN(time) && !Number.isNaN(records.sentMs[row] ?? Number.NaN),
  )
  done.sort()
  let ended = 0
  let max = 0
  for (const [started, time] of sent.entries()) {
    while ((done[ended] ?? Number.POSITIVE_INFINITY) <= time) ended += 1
    max = Math.max(max, started + 1 - ended)
  }
  if (last === first) return { mean: max, max }
  let busyMs = 0
  for (const time of sent) busyMs += last - time
  for (const time of done) busyMs -= Math.max(0, last - time)
  return { mean: busyMs / (last - first), max }
}
