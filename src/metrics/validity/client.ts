import type { Point } from '../../model/index.ts'
import type { Finding, Measurement } from '../measurement.ts'
import { amount, percent, time } from './figures.ts'

/** Minimum reported share of the window spent on garbage collection. */
const gcShareLimit = 0.05
/** Wall clock compared with monotonic clock; NTP slews far less within a point. */
const clockJumpLimitMs = 500
/** A nearby name server answers within a few ms. */
const lookupLimitMs = 500

/** Checks whether the generator's own delay could be mistaken for the server's. */
export function judgeClient(point: Point, measurement: Measurement): Finding[] {
  const { client, durationS } = measurement
  const { limits } = point
  const findings: Finding[] = []

  const lateness = client.sendLatenessMs
  if (lateness !== null && lateness.p99 > limits.sendLatenessP99Ms) {
    findings.push({
      severity: 'invalid',
      code: 'client-late',
      message: `the generator fell behind schedule: p99 ${time(lateness.p99)}, limit ${time(limits.sendLatenessP99Ms)} (validity.send_lateness_p99_ms). Add cores or threads, or lower the load`,
    })
  }

  const delay = client.eventLoopDelayMs
  if (delay !== null && delay.p99 > limits.eventLoopDelayP99Ms) {
    findings.push({
      severity: 'invalid',
      code: 'event-loop-delay',
      message: `the generator's event loop was blocked: p99 ${time(delay.p99)}, limit ${time(limits.eventLoopDelayP99Ms)} (validity.event_loop_delay_p99_ms). Another process uses its cores: stop it, or move the generator`,
    })
  }

  if (client.cpuShare !== null && client.cpuShare > limits.cpuShare) {
    const threads =
      client.threads === null ? '' : ` of its ${client.threads} ${client.threads === 1 ? 'thread' : 'threads'}`
    findings.push({
      severity: 'invalid',
      code: 'client-cpu',
      message: `the generator was busy ${percent(client.cpuShare)} of the time${threads}, limit ${percent(limits.cpuShare)} (validity.cpu_share), so its own delay would look like the server's. Add threads or machines`,
    })
  }

  const starved = client.runQueueShare ?? 0
  if (starved > limits.runQueueShare) {
    findings.push({
      severity: 'invalid',
      code: 'client-starved',
      message: `for ${percent(starved)} of the time the generator was ready to run but got no core, limit ${percent(limits.runQueueShare)} (validity.run_queue_share). Tokens that arrived meanwhile were timestamped late. Another process uses its cores: stop it, or move the generator`,
    })
  }

  if (client.gcMs !== null && durationS > 0 && client.gcMs > gcShareLimit * durationS * 1000) {
    findings.push({
      severity: 'warning',
      code: 'client-gc',
      message: `garbage collection took ${time(client.gcMs)} of ${time(durationS * 1000)}; some latencies include it`,
    })
  }

  if (client.clockJumpMs !== null && Math.abs(client.clockJumpMs) > clockJumpLimitMs) {
    findings.push({
      severity: 'warning',
      code: 'clock-jump',
      message: `the wall clock changed by ${time(client.clockJumpMs)} during the point. Durations come from the monotonic clock and stay valid; times of day and the clock offsets of shards do not`,
    })
  }

  if (client.lookupMs !== undefined && client.lookupMs > lookupLimitMs) {
    findings.push({
      severity: 'warning',
      code: 'slow-dns',
      message: `DNS took ${time(client.lookupMs)} to resolve the endpoint's name. Latencies here exclude it, but every new connection of another client may pay for it: check the name server, or write the IP address`,
    })
  }

  return [...findings, ...judgeInFlight(point, measurement)]
}

/** A closed loop must keep its concurrency, and an open one must not be held back. */
function judgeInFlight(point: Point, { client, requests }: Measurement): Finding[] {
  const { level } = point.load
  if (client.inFlight === null) return []
  if (level.kind === 'concurrency') {
    const { mean, max } = client.inFlight
    const asked = Math.min(level.concurrency, requests.sent)
    // Older runs record no share; compute it from the concurrency alone.
    const held = client.inFlight.held ?? mean / asked
    if (held >= point.limits.inFlightShare) return []
    return [
      {
        severity: 'invalid',
        code: 'in-flight-below-asked',
        message: `${amount(mean)} requests were in flight on average (at most ${amount(max)}) instead of ${amount(asked)}: slots that had a request to send kept one in flight for ${percent(held)} of the time, limit ${percent(point.limits.inFlightShare)} (validity.in_flight_share). This point does not show concurrency ${amount(asked)}. Look for refused connections, an open-file limit, or a busy client`,
      },
    ]
  }
  if (level.maxConcurrency === undefined || client.inFlight.max < level.maxConcurrency) return []
  return [
    {
      severity: 'warning',
      code: 'concurrency-limit-hit',
      message: `the open loop reached max_concurrency ${amount(level.maxConcurrency)} and had to wait: from then on it is a closed loop, and the server received less than the requested rate. Latency still counts from the scheduled time`,
    },
  ]
}
