import type { FoundWarmUp, Stopping } from '../metrics/measurement.ts'
import { createRecords, phaseCode, pickRequests } from '../metrics/records.ts'
import { lookAt, mostRows, type StopRule, wholeSessions } from '../metrics/stopping/stop.ts'
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
  const isClosed = rule.requestsPerS === null
  const records = createRecords(isClosed ? mostRows(rule) : max + mostOpenWarmup)
  /** 1 for rows that have ended, or of requests that will never be sent. */
  const over = new Uint8Array(records.count)
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
    while (low < sent && over[low] === 1) low += 1
    return low
  }

  function look(): void {
    while (over[ended] === 1) ended += 1
    for (let due = rule.looks[next]; found === null && due !== undefined; due = rule.looks[next]) {
      const needed = (isClosed ? rule.before : warmup) + wholeSessions(due.requests, rule.turns)
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
      sent(dueMs, atMs, phase, number = sent) {
        recorder.sent(dueMs, atMs, phase, number)
        // Rows of a closed loop are by number, others in the order in which they are sent.
        if (number >= records.count || phase === 'after') return
        if (phase === 'warm-up') warmup += 1
        records.phase[number] = phaseCode(phase)
        records.scheduledMs[number] = dueMs
        records.sentMs[number] = atMs
        if (rule.turns > 1) records.session[number] = Math.floor(number / rule.turns)
        sent += 1
      },
      lost(atMs, phase, number = rowOf(atMs - timeoutMs)) {
        recorder.lost(atMs, phase, number)
        if (number >= records.count) return
        records.doneMs[number] = atMs
        records.error[number] = 1
        over[number] = 1
        look()
      },
      answered(answer, phase, number = rowOf(answer.request.arrivedMs)) {
        recorder.answered(answer, phase, number)
        if (isClosed ? number >= records.count : number >= sent) return
        records.firstTokenMs[number] = answer.firstMs
        records.lastTokenMs[number] = records.doneMs[number] = answer.lastMs
        records.outputTokens[number] = records.chunks[number] = answer.request.outputTokens
        records.firstChunkTokens[number] = 1
        records.headChunks[number] = answer.headChunks
        records.restMs[number] = answer.restMs
        records.restFrom[number] = answer.headChunks + 1
        over[number] = 1
        look()
      },
      missed(number, count) {
        over.fill(1, number, number + count)
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
