import type { RequestRecords } from '../../metrics/records.ts'
import { createRecords, mergeRecords, pickRequests, recordsFrom } from '../../metrics/records.ts'
import { lookAt, type StopRule, wholeSessions } from '../../metrics/stopping/stop.ts'
import type { JobLoad } from '../built-in/job.ts'
import type { TableSize } from '../built-in/look-table.ts'
import type { MessageOf } from './link.ts'

/** Reports of one shard so far. */
interface Told {
  /** Ended requests of its warm-up, on the coordinator's clock. */
  warmup: RequestRecords
  readonly measured: RequestRecords[]
  /** Measured requests reported so far, and the maximum. */
  count: number
  readonly most: number
  isWarmupOver: boolean
}

/** Decides when a load shared by several shards ends, from the reports of all of them. */
export interface ShardsWatch {
  /** @param offsetMs the shard's monotonic clock minus ours */
  hear(shard: number, message: MessageOf<'ended'>, offsetMs: number): void
  /** Takes the looks that are due. Returns true once measuring can stop; never true if a shard is lost. */
  isOver(): boolean
  /** Measured requests at the look that ended the load, or the maximum if none did. */
  readonly requests: number
}

/** Size of the table for a shard's part. */
export function tableOf({ schedule, firstMeasured, requests }: JobLoad, rule: StopRule): TableSize {
  const before = schedule.kind === 'closed' ? firstMeasured : rule.before
  const most = schedule.kind === 'closed' ? (schedule.requests ?? 0) : schedule.dueMs.length
  return { rows: before + most, before, turns: requests.turns }
}

/**
 * A look needs the first requests of the whole load in order of their due times. Each shard reports without gaps, so
 * these are complete up to the earliest of the shards' last reported requests.
 */
export function watchShards(rule: StopRule, parts: readonly JobLoad[]): ShardsWatch {
  const { turns } = rule
  const told = parts.map((part): Told => {
    const { rows, before } = tableOf(part, rule)
    return { warmup: createRecords(0), measured: [], count: 0, most: rows - before, isWarmupOver: false }
  })
  let next = 0
  let requests = rule.looks.at(-1)?.requests ?? 0
  let over = false

  /** Time up to which all requests of this shard have been reported. */
  function horizonMs({ measured, count, most }: Told): number {
    if (count >= most) return Number.POSITIVE_INFINITY
    const last = measured.at(-1)
    return last === undefined ? Number.NEGATIVE_INFINITY : latestStart(last)
  }

  function look(): void {
    const ended = told.reduce((sum, { count }) => sum + count, 0)
    if (!told.every(({ isWarmupOver }) => isWarmupOver) || ended < (rule.looks[next]?.requests ?? 0)) return
    const untilMs = told.reduce((least, one) => Math.min(least, horizonMs(one)), Number.POSITIVE_INFINITY)
    const measured = mergeRecords(told.flatMap(one => one.measured))
    const begun = conversationsBy(measured, untilMs)
    let records: RequestRecords | null = null
    for (let due = rule.looks[next]; due !== undefined; due = rule.looks[next]) {
      // The last look is the end of the load anyway.
      if (next === rule.looks.length - 1 || begun * turns < wholeSessions(due.requests, turns)) return
      next += 1
      records ??= mergeRecords([...told.map(({ warmup }) => warmup), measured])
      if (lookAt(records, rule, due).reason === null) continue
      requests = due.requests
      over = true
      return
    }
  }

  return {
    hear(shard, { records, measured, isWarmupOver }, offsetMs) {
      const one = told[shard]
      if (one === undefined) return
      const ours = recordsFrom(withSessionsOf(records, shard), offsetMs)
      const rows = Array.from({ length: ours.count }, (_, row) => row)
      // Each message contains the whole warm-up, but only the measured requests since the previous message.
      one.warmup = pickRequests(
        ours,
        rows.filter(row => ours.phase[row] !== 0),
      )
      const timed = rows.filter(row => ours.phase[row] === 0 && !Number.isNaN(ours.scheduledMs[row] ?? Number.NaN))
      one.measured.push(
        pickRequests(
          ours,
          timed.sort((a, b) => (ours.scheduledMs[a] ?? 0) - (ours.scheduledMs[b] ?? 0)),
        ),
      )
      one.count = measured
      one.isWarmupOver = isWarmupOver
    },
    isOver() {
      if (!over) look()
      return over
    },
    get requests() {
      return requests
    },
  }
}

/** Each shard numbers its own conversations; this makes the numbers distinct. */
export function withSessionsOf(records: RequestRecords, shard: number): RequestRecords {
  return { ...records, session: records.session.map(session => session + shard * 2 ** 32) }
}

/** Start of the latest conversation. A request without turns counts as one. */
function latestStart(records: RequestRecords): number {
  return [...startsOf(records).values()].reduce((latest, start) => Math.max(latest, start), Number.NEGATIVE_INFINITY)
}

function conversationsBy(records: RequestRecords, untilMs: number): number {
  return [...startsOf(records).values()].filter(start => start <= untilMs).length
}

/** Start of each conversation, from records in the order they were due. */
function startsOf({ count, session, scheduledMs }: RequestRecords): ReadonlyMap<number | string, number> {
  const starts = new Map<number | string, number>()
  for (let row = 0; row < count; row++) {
    const of = session[row] ?? Number.NaN
    const key = Number.isNaN(of) ? `${row}` : of
    if (!starts.has(key)) starts.set(key, scheduledMs[row] ?? Number.NaN)
  }
  return starts
}
