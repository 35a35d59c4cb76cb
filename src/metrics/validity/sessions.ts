import type { Point } from '../../model/index.ts'
import type { Finding, Measurement } from '../measurement.ts'
import { amount, percent, time } from './figures.ts'

/** If more turns of a replay than this wait for slow answers, the replay is slower than its trace. */
const waitingShareLimit = 0.05

/** Checks whether sessions and traces were sent as configured. */
export function judgeSessions({ limits }: Point, { sessions, replay, requests }: Measurement): Finding[] {
  const findings: Finding[] = []
  if (sessions !== undefined) {
    const { turnLatenessMs, skipped, byAnswer, bySchedule } = sessions
    const late = turnLatenessMs?.p99 ?? 0
    if (late > limits.sendLatenessP99Ms)
      findings.push({
        severity: 'invalid',
        code: 'turns-late',
        message: `turns were sent late: p99 ${time(late)} after the answer and the think time before them, limit ${time(limits.sendLatenessP99Ms)} (validity.send_lateness_p99_ms). Raise max_concurrency, add cores, or lower the load`,
      })
    if (skipped > 0)
      findings.push({
        severity: 'warning',
        code: 'turns-skipped',
        message: `${skipped === 1 ? '1 request was' : `${amount(skipped)} requests were`} not sent: an earlier request of the session failed, or the time was over. A session continues only with the server's own answers`,
      })
    const waited = byAnswer + bySchedule
    if (replay !== undefined && bySchedule > 0 && byAnswer > waitingShareLimit * waited)
      findings.push({
        severity: 'warning',
        code: 'turns-behind-trace',
        message: `${amount(byAnswer)} of ${amount(waited)} later turns (${percent(byAnswer / waited)}) were due after their recorded time: answers took longer than in the trace, so the load is lower than recorded. The others were sent on schedule`,
      })
  }
  if (replay !== undefined) {
    if (requests.sent < replay.inFile)
      findings.push({
        severity: 'note',
        code: 'trace-part',
        message: `${amount(requests.sent)} of ${amount(replay.inFile)} requests of the trace were replayed (${percent(requests.sent / replay.inFile)})`,
      })
    if (replay.doubt !== undefined)
      findings.push({
        severity: 'warning',
        code: 'trace-unit',
        message: `the timestamps of the trace were read as ${replay.unit}, as load.trace.unit says, but ${replay.doubt}. Check load.trace.unit`,
      })
    if (replay.guessed !== null && replay.unit !== 'date')
      findings.push({
        severity: 'warning',
        code: 'trace-unit',
        message: `the timestamps of the trace were read as ${replay.unit}, because ${replay.guessed}. Write load.trace.unit to be sure`,
      })
  }
  return findings
}
