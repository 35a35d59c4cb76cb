import { distributionOf } from '../../metrics/distribution.ts'
import type { ClientHealth, Finding, Measurement, ShardHealth } from '../../metrics/measurement.ts'
import { mergeRecords, requestsOfPhases } from '../../metrics/records.ts'
import type { ValidityLimits } from '../../model/index.ts'
import { counted } from '../../model/index.ts'
import type { JobLoad } from '../built-in/job.ts'
import { threadHealth } from '../built-in/result.ts'
import type { ShardReport } from './coordinate.ts'

/** Health reported by one shard. */
export function shardHealth({ link, clock, clockAfter, outcome }: ShardReport): ShardHealth {
  const driftMs = clockAfter === null ? null : clockAfter.offsetMs - clock.offsetMs
  const known = { host: link.host, clock: { ...clock, driftMs } }
  if (outcome === null) {
    return { ...known, requests: null, sendLatenessMs: null, eventLoopDelayMs: null, cpuShare: null }
  }
  const { sentMs, scheduledMs, count } = requestsOfPhases(mergeRecords(outcome.results.map(result => result.records)), [
    'measured',
  ])
  const health = threadHealth(outcome.results.map(result => result.health))
  return {
    ...known,
    requests: count,
    sendLatenessMs: distributionOf(sentMs.map((sent, row) => sent - (scheduledMs[row] ?? Number.NaN))),
    eventLoopDelayMs: health.eventLoopDelayMs,
    cpuShare: health.cpuShare,
    lookupMs: outcome.lookupMs,
  }
}

/** Health of a split load: that of the worst shard, because the others can't compensate for a late one. */
export function worstHealth(client: ClientHealth, shards: readonly ShardHealth[]): ClientHealth {
  const latest = shards
    .flatMap(({ sendLatenessMs }) => (sendLatenessMs === null ? [] : [sendLatenessMs]))
    .reduce<ClientHealth['sendLatenessMs']>((worst, one) => (worst === null || one.p99 > worst.p99 ? one : worst), null)
  return {
    ...client,
    sendLatenessMs: latest,
    cpuShare: shards.reduce<number | null>(
      (most, { cpuShare }) => (cpuShare === null ? most : Math.max(most ?? 0, cpuShare)),
      null,
    ),
    shards,
  }
}

/** Problems of a split load: lost shards, shards that did less than their part, clocks that cannot be aligned. */
export function shardRemarks(
  reports: readonly ShardReport[],
  parts: readonly JobLoad[],
  { shards }: { readonly shards: readonly ShardHealth[] },
  limits: ValidityLimits,
): NonNullable<Measurement['remarks']> {
  return reports.flatMap((report, index): Finding[] => {
    const { link } = report
    const health = shards[index]
    const lost = link.lost()
    if (report.outcome === null || health === undefined) {
      const message = `${lost ?? `shard ${link.shard} on ${link.host} was lost`}. The figures are those of the other shards, so of a lower load than requested`
      return [{ severity: 'invalid', code: 'shard-lost', message }]
    }
    const where = `shard ${link.shard} on ${link.host}`
    const remarks: Finding[] = []
    const asked = requestsOf(parts[index])
    if (asked !== null && health.requests !== asked) {
      const message = `${where} sent ${health.requests === null ? 'an unknown number of requests' : counted(health.requests, 'request')} instead of ${asked}`
      remarks.push({ severity: 'invalid', code: 'shard-disagrees', message })
    }
    const { clock, clockAfter } = report
    const drift = clockAfter === null ? 0 : Math.abs(clockAfter.offsetMs - clock.offsetMs)
    // Part of the drift that exceeds the uncertainty of the two readings.
    const sureDrift = Math.max(0, drift - clock.uncertaintyMs - (clockAfter?.uncertaintyMs ?? 0))
    const apartMs = clock.uncertaintyMs + sureDrift
    if (apartMs > limits.sendLatenessP99Ms) {
      const message = `the clock of ${where} is known to ${apartMs.toFixed(1)} ms only (half of the quickest exchange ${clock.uncertaintyMs.toFixed(1)} ms, drift during the point ${sureDrift.toFixed(1)} ms): its requests may be that far from the common schedule. Latencies are each of one clock and hold`
      remarks.push({ severity: 'warning', code: 'shard-clock', message })
    }
    return remarks
  })
}

/** Requests that a shard must have sent; null if time or a broken conversation may decide otherwise. */
function requestsOf(part: JobLoad | undefined): number | null {
  if (part === undefined || part.durationMs !== null || part.requests.turns > 1) return null
  return part.schedule.kind === 'closed' ? part.schedule.requests : part.schedule.dueMs.length
}
