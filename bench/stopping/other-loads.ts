/**
 * Loads that are not closed loops of single requests, for `requests: auto`: open loops, conversations, and closed loops
 * that shards share. Their truth is known.
 */

import type { JobLoad } from '../../src/generators/built-in/job.ts'
import { watchShards } from '../../src/generators/shards/watch-shards.ts'
import { sortedNumbers } from '../../src/metrics/distribution.ts'
import type { FigureAtLook } from '../../src/metrics/measurement.ts'
import { percentileOfSorted } from '../../src/metrics/percentiles/index.ts'
import { createRecords, phaseCode, pickRequests, type RequestRecords } from '../../src/metrics/records.ts'
import { normalQuantile } from '../../src/metrics/statistics/normal.ts'
import { isSettled } from '../../src/metrics/stopping/rule.ts'
import { lookAt, type StopRule, stopRuleOf, wholeSessions } from '../../src/metrics/stopping/stop.ts'
import { createRandom, type LoadLevel, type Random, type Slo } from '../../src/model/index.ts'
import { normals, type Truth } from './sources.ts'

/** A load that a rule ends. */
export interface OtherLoad {
  readonly name: string
  readonly truth: Truth
  /** What the rule says of one run: the requests at which it stopped, and the figures there. */
  stop(slo: Slo, seed: string): { readonly requests: number; readonly figures: readonly FigureAtLook[] }
  /** Whether a run that ends at each look is settled, by intervals that are looked at once. */
  fixed(slo: Slo, seed: string): readonly { readonly requests: number; readonly isSettled: boolean }[]
  readonly most: number
}

const itl = { median: 10, spread: 0.15 }
const osl = 100
const meanOf = ({ median, spread }: typeof itl) => median * Math.exp(spread ** 2 / 2)
const p95Of = ({ median, spread }: typeof itl) => median * Math.exp(spread * normalQuantile(0.95))

/** What one request is. */
interface Row {
  readonly dueMs: number
  readonly firstMs: number
  readonly lastMs: number
  readonly session?: number
  readonly phase: 'warm-up' | 'measured'
}

function recordsOf(rows: readonly Row[]): RequestRecords {
  const records = createRecords(rows.length)
  for (const [row, { dueMs, firstMs, lastMs, session, phase }] of rows.entries()) {
    records.scheduledMs[row] = records.sentMs[row] = dueMs
    records.firstTokenMs[row] = firstMs
    records.lastTokenMs[row] = records.doneMs[row] = lastMs
    records.outputTokens[row] = records.chunks[row] = osl
    records.firstChunkTokens[row] = 1
    records.phase[row] = phaseCode(phase)
    if (session !== undefined) records.session[row] = session
  }
  return records
}

/** Looks one after another, as the built-in generator does. */
function stopBy(rule: StopRule, records: RequestRecords): ReturnType<OtherLoad['stop']> {
  const warm = Array.from({ length: records.count }, (_, row) => row).filter(row => records.phase[row] !== 0)
  for (const look of rule.looks) {
    const rows = Array.from({ length: wholeSessions(look.requests, rule.turns) }, (_, row) => warm.length + row)
    const { figures, reason } = lookAt(pickRequests(records, [...warm, ...rows]), rule, look)
    if (reason !== null) return { requests: look.requests, figures }
  }
  throw new Error('the last look ends it')
}

/** Every look by itself, at the confidence of one that is the only one. */
function fixedBy(rule: StopRule, records: RequestRecords): ReturnType<OtherLoad['fixed']> {
  return rule.looks.map(look => {
    const { figures } = lookAt(records, rule, { ...look, confidence: 0.95 })
    return { requests: look.requests, isSettled: isSettled(figures) }
  })
}

function ruleOf(
  level: LoadLevel,
  bounds: { readonly min: number; readonly max: number },
  slo: Slo,
  turns = 1,
): StopRule {
  const warmup = level.kind === 'concurrency' ? 4 * level.concurrency * turns : 100
  const auto = { min: bounds.min, precision: 0.05 }
  const rule = stopRuleOf({ level, auto, requests: bounds.max, warmup }, slo, undefined, turns)
  if (rule === null) throw new Error('this load can be ended')
  return rule
}

/** Requests at a rate of 10/s, as `requests: auto` bounds them by default. */
const rate = { kind: 'rate', requestsPerS: 10, arrivals: { kind: 'poisson' } } as const
const openBounds = { min: 200, max: 4000 }
const openWarmup = 400

/**
 * Arrivals at a rate, TTFT lognormal and dependent on the request before, or that of a queue: what came before has to
 * be served first, each in an exponential time. The busier it is, the longer requests depend on each other.
 */
function open(
  name: string,
  arrivals: 'poisson' | 'constant',
  ttft: { readonly dependence: number } | { readonly busy: number },
): OtherLoad {
  const gapMs = 1000 / rate.requestsPerS
  const rowsOf = (count: number, seed: string): readonly Row[] => {
    const random = createRandom(seed)
    const gaps = normals(0, random.fork('itl'))
    const firsts = 'dependence' in ttft ? normals(ttft.dependence, random.fork('ttft')) : null
    const arriving = random.fork('arrivals')
    const serving = random.fork('service')
    let [dueMs, freeMs] = [0, 0]
    return Array.from({ length: count }, (_, row): Row => {
      dueMs += arrivals === 'constant' ? gapMs : gapMs * arriving.exponential()
      if (firsts === null && 'busy' in ttft)
        freeMs = Math.max(freeMs, dueMs) + ttft.busy * gapMs * serving.exponential()
      const firstMs = firsts === null ? freeMs : dueMs + 200 * Math.exp(0.6 * firsts())
      const lastMs = firstMs + itl.median * Math.exp(itl.spread * gaps()) * (osl - 1)
      return { dueMs, firstMs, lastMs, phase: row < openWarmup ? 'warm-up' : 'measured' }
    })
  }
  const level = { ...rate, arrivals: { kind: arrivals } }
  const ttftP95 =
    'dependence' in ttft ? 200 * Math.exp(0.6 * normalQuantile(0.95)) : queueP95(ttft.busy, gapMs, arrivals, rowsOf)
  return {
    name,
    most: openBounds.max,
    truth: {
      ttft_p95_ms: ttftP95,
      itl_p95_ms: p95Of(itl),
      output_tokens_per_s_per_user: 1000 / meanOf(itl),
      output_tokens_per_s: rate.requestsPerS * osl,
    },
    // A queue that starts empty is not steady before many times its relaxation time.
    stop: (slo, seed) => stopBy(ruleOf(level, openBounds, slo), recordsOf(rowsOf(openWarmup + openBounds.max, seed))),
    fixed: (slo, seed) => fixedBy(ruleOf(level, openBounds, slo), recordsOf(rowsOf(openWarmup + openBounds.max, seed))),
  }
}

/** Of M/M/1, the time in the system is exponential; of D/M/1 it comes from a long run. */
function queueP95(
  busy: number,
  gapMs: number,
  arrivals: 'poisson' | 'constant',
  rowsOf: (count: number, seed: string) => readonly Row[],
): number {
  if (arrivals === 'poisson') return (-Math.log(0.05) * busy * gapMs) / (1 - busy)
  const times = rowsOf(500_000, 'truth').slice(openWarmup)
  return percentileOfSorted(sortedNumbers(Float64Array.from(times, ({ dueMs, firstMs }) => firstMs - dueMs)), 95)
}

/**
 * Users who hold one conversation after another. TTFT grows with the turn; so much of its variance is the
 * conversation's own, the rest fresh.
 */
function conversations(name: string, users: number, turns: number, common: number, thinkMs = 0): OtherLoad {
  const spread = 0.5
  const level = { kind: 'concurrency', concurrency: users } as const
  const bounds = { min: 10 * users * turns, max: 100 * users * turns }
  const warmup = 4 * users
  const rowsOf = (count: number, seed: string): readonly Row[] => {
    const random = createRandom(seed)
    const free = Float64Array.from({ length: users }, (_, slot) => slot * 0.1)
    return Array.from({ length: count }, (_, session) => {
      let slot = 0
      for (let other = 1; other < users; other++) if ((free[other] ?? 0) < (free[slot] ?? 0)) slot = other
      const own = random.normal()
      let dueMs = free[slot] ?? 0
      return Array.from({ length: turns }, (__, turn): Row => {
        const z = Math.sqrt(common) * own + Math.sqrt(1 - common) * random.normal()
        const firstMs = dueMs + 200 * (1 + 0.2 * turn) * Math.exp(spread * z)
        const lastMs =
          firstMs + itl.median * Math.exp(itl.spread * (0.7 * own + Math.sqrt(0.51) * random.normal())) * (osl - 1)
        const row = { dueMs, firstMs, lastMs, session, phase: session < warmup ? 'warm-up' : 'measured' } as const
        dueMs = lastMs + (turn < turns - 1 ? thinkMs * random.exponential() : 0)
        free[slot] = lastMs
        return row
      })
    }).flat()
  }
  const perConversationMs =
    Array.from({ length: turns }, (_, turn) => 200 * (1 + 0.2 * turn) * Math.exp(spread ** 2 / 2)).reduce(
      (a, b) => a + b,
      0,
    ) +
    turns * meanOf(itl) * (osl - 1) +
    (turns - 1) * thinkMs
  return {
    name,
    most: bounds.max,
    truth: {
      ttft_p95_ms: mixtureP95(turns, spread),
      itl_p95_ms: p95Of(itl),
      output_tokens_per_s_per_user: 1000 / meanOf(itl),
      output_tokens_per_s: (1000 * users * turns * osl) / perConversationMs,
    },
    stop: (slo, seed) =>
      stopBy(ruleOf(level, bounds, slo, turns), recordsOf(rowsOf(warmup + bounds.max / turns, seed))),
    fixed: (slo, seed) =>
      fixedBy(ruleOf(level, bounds, slo, turns), recordsOf(rowsOf(warmup + bounds.max / turns, seed))),
  }
}

/** p95 of TTFTs of all turns, each lognormal around its own median. */
function mixtureP95(turns: number, spread: number): number {
  const random = createRandom('mixture')
  const times = Float64Array.from(
    { length: 1_000_000 },
    (_, i) => 200 * (1 + 0.2 * (i % turns)) * Math.exp(spread * random.normal()),
  )
  return percentileOfSorted(sortedNumbers(times), 95)
}

/** A closed loop whose slots are dealt to shards, decided by the coordinator from what these tell every 200 ms. */
function shards(name: string, count: number, concurrency: number, dependence: number): OtherLoad {
  const level = { kind: 'concurrency', concurrency } as const
  const bounds = { min: 10 * concurrency, max: 100 * concurrency }
  const ttft = { median: 200, spread: 0.6 }
  const warmup = 4
  const tellEveryMs = 200
  const firstsOf = (random: Random) => normals(dependence, random.fork('ttft'))
  /** Rows in the order in which they are sent by all slots; each belongs to the shard of its slot. */
  const rowsOf = (seed: string) => {
    const random = createRandom(seed)
    const firsts = firstsOf(random)
    const gaps = normals(dependence, random.fork('itl'))
    const free = Float64Array.from({ length: concurrency }, (_, slot) => slot * 0.1)
    const sent = new Uint32Array(concurrency)
    return Array.from({ length: (warmup + 102) * concurrency }, () => {
      let slot = 0
      for (let other = 1; other < concurrency; other++) if ((free[other] ?? 0) < (free[slot] ?? 0)) slot = other
      const dueMs = free[slot] ?? 0
      const firstMs = dueMs + ttft.median * Math.exp(ttft.spread * firsts())
      const lastMs = firstMs + itl.median * Math.exp(itl.spread * gaps()) * (osl - 1)
      free[slot] = lastMs
      const phase = (sent[slot] ?? 0) < warmup ? 'warm-up' : 'measured'
      sent[slot] = (sent[slot] ?? 0) + 1
      return { shard: slot % count, row: { dueMs, firstMs, lastMs, phase } as const }
    })
  }
  return {
    name,
    most: bounds.max,
    truth: {
      ttft_p95_ms: p95Of(ttft),
      itl_p95_ms: p95Of(itl),
      output_tokens_per_s_per_user: 1000 / meanOf(itl),
      output_tokens_per_s: (1000 * concurrency * osl) / (meanOf(ttft) + meanOf(itl) * (osl - 1)),
    },
    fixed: (slo, seed) => fixedBy(ruleOf(level, bounds, slo), recordsOf(rowsOf(seed).map(({ row }) => row))),
    stop(slo, seed) {
      const rule = ruleOf(level, bounds, slo)
      const rows = rowsOf(seed)
      const ofShard = Array.from({ length: count }, (_, shard) => rows.filter(each => each.shard === shard))
      const watch = watchShards(
        rule,
        ofShard.map(() => partOf(bounds.max / count, (warmup * concurrency) / count)),
      )
      const told = ofShard.map(() => 0)
      const endMs = rows.reduce((latest, { row }) => Math.max(latest, row.lastMs), 0)
      for (let nowMs = tellEveryMs; nowMs < endMs + tellEveryMs; nowMs += tellEveryMs) {
        for (const [shard, own] of ofShard.entries()) {
          const warm = own.filter(({ row }) => row.phase === 'warm-up' && row.lastMs <= nowMs).map(({ row }) => row)
          const measured = own.filter(({ row }) => row.phase === 'measured').slice(0, bounds.max / count)
          let ended = told[shard] ?? 0
          while ((measured[ended]?.row.lastMs ?? Number.POSITIVE_INFINITY) <= nowMs) ended += 1
          if (ended === told[shard]) continue
          const fresh = measured.slice(told[shard], ended).map(({ row }) => row)
          told[shard] = ended
          const isWarmupOver = warm.length === (warmup * concurrency) / count
          watch.hear(
            shard,
            { kind: 'ended', records: recordsOf([...warm, ...fresh]), measured: ended, isWarmupOver },
            0,
          )
        }
        if (watch.isOver()) break
      }
      const records = recordsOf(rows.map(({ row }) => row))
      const look = rule.looks.find(({ requests }) => requests === watch.requests)
      if (look === undefined) throw new Error('a watch ends at a look')
      return { requests: watch.requests, figures: lookAt(records, rule, look).figures }
    },
  }
}

/** As much of a part as the coordinator's watch asks of it. */
function partOf(requests: number, firstMeasured: number): JobLoad {
  const part: Pick<JobLoad, 'schedule' | 'firstMeasured'> & { readonly requests: { readonly turns: number } } = {
    ...{ schedule: { kind: 'closed', concurrency: 1, requests }, firstMeasured, requests: { turns: 1 } },
  }
  return part as JobLoad
}

/** @param part of their names */
export function otherLoads(part = ''): readonly OtherLoad[] {
  const loads: readonly (readonly [name: string, make: (name: string) => OtherLoad])[] = [
    ['open loop, 10/s, independent', name => open(name, 'poisson', { dependence: 0 })],
    ['open loop, 10/s, autocorrelation 0.8', name => open(name, 'poisson', { dependence: 0.8 })],
    ['open loop, constant 10/s, independent', name => open(name, 'constant', { dependence: 0 })],
    ['open loop, queue busy 50%', name => open(name, 'poisson', { busy: 0.5 })],
    ['open loop, queue busy 70%', name => open(name, 'poisson', { busy: 0.7 })],
    ['open loop, queue busy 90%', name => open(name, 'poisson', { busy: 0.9 })],
    ['4 users, 4 turns, independent', name => conversations(name, 4, 4, 0)],
    ['16 users, 4 turns, half of the variance common', name => conversations(name, 16, 4, 0.5)],
    ['16 users, 8 turns, 90% of the variance common', name => conversations(name, 16, 8, 0.9)],
    ['16 users, 4 turns, half common, think 2 s', name => conversations(name, 16, 4, 0.5, 2000)],
    ['2 shards, c=16, independent', name => shards(name, 2, 16, 0)],
    ['4 shards, c=64, autocorrelation 0.8', name => shards(name, 4, 64, 0.8)],
  ]
  return loads.filter(([name]) => name.includes(part)).map(([name, make]) => make(name))
}
