import type { Point } from '../../model/index.ts'
import type { Finding, Measurement } from '../measurement.ts'
import { amount, percent, time } from './figures.ts'

/** Share of the window in garbage collection that is worth a word. */
const gcShareLimit = 0.05
/** Wall clock against monotonic clock; NTP slews far less within a point. */
const clockJumpLimitMs = 500
/** A name server that is near answers within a few ms. */
const lookupLimitMs = 500

/** Whether the generator's own delay could be taken for the server's. */
export function judgeClient(point: Point, measurement: Measurement): Finding[] {
  const { client, durationS } = measurement
  const { limits } = point
  const findings: Finding[] = []

  const lateness = client.sendLatenessMs
  if (lateness !== null && lateness.p99 > limits.sendLatenessP99Ms) {
    findings.push({
      severity: 'invalid',
      code: 'client-late',
      message: `the generator sent late: p99 ${time(lateness.p99)} after schedule, at most ${time(limits.sendLatenessP99Ms)} allowed (validity.send_lateness_p99_ms). Give it more cores or threads, or press less`,
    })
  }

  const delay = client.eventLoopDelayMs
  if (delay !== null && delay.p99 > limits.eventLoopDelayP99Ms) {
    findings.push({
      severity: 'invalid',
      code: 'event-loop-delay',
      message: `the generator's event loop stood still: p99 ${time(delay.p99)}, at most ${time(limits.eventLoopDelayP99Ms)} allowed (validity.event_loop_delay_p99_ms). Something else uses its cores; end it or move the generator`,
    })
  }

  if (client.cpuShare !== null && client.cpuShare > limits.cpuShare) {
    const threads =
      client.threads === null ? '' : ` of its ${client.threads} ${client.threads === 1 ? 'thread' : 'threads'}`
    findings.push({
      severity: 'invalid',
      code: 'client-cpu',
      message: `the generator was busy ${percent(client.cpuShare)} of the time${threads}, at most ${percent(limits.cpuShare)} allowed (validity.cpu_share): its delay would read as the server's. Give it more threads or machines`,
    })
  }

  const starved = client.runQueueShare ?? 0
  if (starved > limits.runQueueShare) {
    findings.push({
      severity: 'invalid',
      code: 'client-starved',
      message: `for ${percent(starved)} of the time the generator could have run and got no core, at most ${percent(limits.runQueueShare)} allowed (validity.run_queue_share): what arrived meanwhile was stamped late. Something else uses its cores; end it or move the generator`,
    })
  }

  if (client.gcMs !== null && durationS > 0 && client.gcMs > gcShareLimit * durationS * 1000) {
    findings.push({
      severity: 'warning',
      code: 'client-gc',
      message: `the generator collected garbage for ${time(client.gcMs)} of ${time(durationS * 1000)}: latencies hold some of it`,
    })
  }

  if (client.clockJumpMs !== null && Math.abs(client.clockJumpMs) > clockJumpLimitMs) {
    findings.push({
      severity: 'warning',
      code: 'clock-jump',
      message: `the wall clock was set by ${time(client.clockJumpMs)} during the point. Durations are of the monotonic clock and hold; times of day don't, neither do shards' offsets`,
    })
  }

  if (client.lookupMs !== undefined && client.lookupMs > lookupLimitMs) {
    findings.push({
      severity: 'warning',
      code: 'slow-dns',
      message: `DNS took ${time(client.lookupMs)} for the endpoint's name. No latency here holds any of it, each of another client's new connections may: check the name server, or write the address`,
    })
  }

  return [...findings, ...judgeInFlight(point, measurement)]
}

/** A closed loop must have held its concurrency, an open one must not have been held back. */
function judgeInFlight(point: Point, { client, requests }: Measurement): Finding[] {
  const { level } = point.load
  if (client.inFlight === null) return []
  if (level.kind === 'concurrency') {
    const { mean, max } = client.inFlight
    const asked = Math.min(level.concurrency, requests.sent)
    // Runs of before keep no share: theirs is of the concurrency alone.
    const held = client.inFlight.held ?? mean / asked
    if (held >= point.limits.inFlightShare) return []
    return [
      {
        severity: 'invalid',
        code: 'in-flight-below-asked',
        message: `${amount(mean)} requests were in flight on average (at most ${amount(max)}), ${amount(asked)} were asked: while slots had a request to send, one was in flight for ${percent(held)} of the time, at least ${percent(point.limits.inFlightShare)} are needed (validity.in_flight_share). This is not concurrency ${amount(asked)}. Look for refused connections, a limit of open files, or a busy client`,
      },
    ]
  }
  if (level.maxConcurrency === undefined || client.inFlight.max < level.maxConcurrency) return []
  return [
    {
      severity: 'warning',
      code: 'concurrency-limit-hit',
      message: `the open loop ran into max_concurrency ${amount(level.maxConcurrency)} and waited: from there on it is a closed loop, and the server got less than the rate asked. Latency still counts from the scheduled time`,
    },
  ]
}
