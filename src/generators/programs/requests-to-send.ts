import type { Finding } from '../../metrics/measurement.ts'
import type { Window } from '../../metrics/window.ts'
import { counted, type Load } from '../../model/index.ts'
import type { Row } from './rows.ts'

/**
 * Number of requests that a program sends whose warm-up continues into the window: those of the warm-up, the measured
 * ones, and the number in flight. The last ones maintain a closed loop's load until the last measured one is answered.
 */
export function requestsToSend({ level, requests = 0, warmup, window }: Load): number {
  const holding = level.kind === 'concurrency' && window !== 'whole' ? level.concurrency : 0
  return warmup + requests + holding
}

/**
 * From the first send after the warm-up to the last measured send; undefined with too few requests.
 * @param rows in send order
 */
export function windowAfterWarmup(rows: readonly Row[], { warmup, requests = 0 }: Load): Window | undefined {
  const [first, last] = [rows[warmup], rows[Math.min(warmup + requests, rows.length) - 1]]
  return first === undefined || last === undefined || last.sentMs < first.sentMs
    ? undefined
    : { startMs: first.sentMs, endMs: last.sentMs }
}

/**
 * Finding if a program recorded fewer requests than those of the warm-up and the measured ones.
 * @param program its name in messages
 */
export function cutShort(code: string, program: string, { warmup, requests = 0 }: Load, recorded: number): Finding[] {
  const wanted = warmup + requests
  if (recorded >= wanted) return []
  const message = `${program} recorded ${recorded} of ${counted(wanted, 'request')}, those of the warm-up included`
  return [{ severity: 'invalid', code, message }]
}
