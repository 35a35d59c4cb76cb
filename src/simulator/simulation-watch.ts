import type { FoundWarmUp, Stopping } from '../metrics/measurement.ts'
import { createRecords, phaseCode, pickRequests } from '../metrics/records.ts'
import { lookAt, type StopRule } from '../metrics/stopping/stop.ts'
import type { Recorder } from './recorder.ts'

/** Examines a load in virtual time as it proceeds, by the rule that may end it. */
export interface SimulationWatch {
  /** Wraps the recorder so that the watch receives everything it records. */
  over(recorder: Recorder): Recorder
  /** Whether a look has decided to stop. */
  isOver(): boolean
  /** Reason for the end. */
  stopping(): Stopping
  /** Where a window that moves begins. */
  warmUp(): FoundWarmUp
}

/** With more requests than so many in its warm-up, an open loop runs to its end. */
const mostOpenWarmup = 65_536

/** Creates the watch of one load that may end at any look of its rule. `timeoutMs` is the requests' own, ms. */
export function createSimulationWatch(rule: StopRule, timeoutMs: number): SimulationWatch {
  const max = rule.looks.at(-1)?.requests ?? 0
  const records = createRecords(max + (rule.requestsPerS === null ? rule.before : mostOpenWarmup))
  let sent = 0
  /** Rows of the warm-up, which come first. */
  let warmup = 0
  /** Number of leading rows that have all ended. */
  let ended = 0
  let next = 0
  let found: Stopping | null = null

  /** Row of a request sent at that time; those sent at the same time are interchangeable. */
  function rowOf(sentMs: number): number {
    let [low, high] = [ended, sent]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((records.sentMs[middle] ?? 0) < sentMs) low = middle + 1
      else high = middle
    }
    while (low < sent && !Number.isNaN(records.doneMs[low] ?? 0)) low += 1
    return low
  }

  function look(): void {
    while (ended < sent && !Number.isNaN(records.doneMs[ended] ?? Number.NaN)) ended += 1
    for (let due = rule.looks[next]; found === null && due !== undefined; due = rule.looks[next]) {
      const needed = Math.max(warmup, rule.requestsPerS === null ? rule.before : 0) + due.requests
      if (ended < needed) return
      next += 1
      const rows = Array.from({ length: needed }, (_, row) => row)
      const { figures, reason } = lookAt(pickRequests(records, rows), rule, due)
      if (reason !== null) found = { reason, requests: due.requests, max, precision: rule.precision, figures }
    }
  }

  return {
    over: recorder => ({
      ...recorder,
      sent(dueMs, atMs, phase) {
        recorder.sent(dueMs, atMs, phase)
        if (sent === records.count || phase === 'after') return
        if (phase === 'warm-up') warmup += 1
        records.phase[sent] = phaseCode(phase)
        records.scheduledMs[sent] = dueMs
        records.sentMs[sent] = atMs
        sent += 1
      },
      lost(atMs, phase) {
        recorder.lost(atMs, phase)
        const row = rowOf(atMs - timeoutMs)
        if (row >= records.count) return
        records.doneMs[row] = atMs
        records.error[row] = 1
        look()
      },
      answered(answer, phase) {
        recorder.answered(answer, phase)
        const row = rowOf(answer.request.arrivedMs)
        if (row >= sent) return
        records.firstTokenMs[row] = answer.firstMs
        records.lastTokenMs[row] = records.doneMs[row] = answer.lastMs
        records.outputTokens[row] = records.chunks[row] = answer.request.outputTokens
        records.firstChunkTokens[row] = 1
        look()
      },
    }),
    isOver: () => found !== null,
    // Refused requests are never sent, so the last look may not have happened.
    stopping: () => found ?? { reason: 'max', requests: max, max, precision: rule.precision, figures: [] },
    warmUp() {
      const before = rule.before - (rule.moving ?? 0)
      const reason = found?.reason === 'settled' ? 'steady' : 'max'
      return { reason, requests: before + (found?.requests ?? max), max: before + max }
    },
  }
}
