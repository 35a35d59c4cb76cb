import { sortedNumbers } from '../../src/metrics/distribution.ts'
import { percentileOfSorted } from '../../src/metrics/percentiles/index.ts'
import { createRecords, type RequestRecords } from '../../src/metrics/records.ts'
import { normalQuantile } from '../../src/metrics/statistics/normal.ts'
import { sampleOf } from '../../src/metrics/stopping/sample.ts'
import { createRandom, type Random, rolesOf, type Topology, workersOf } from '../../src/model/index.ts'
import { createEngine } from '../../src/simulator/engine.ts'
import { createLoadLoop } from '../../src/simulator/load-loop.ts'
import { loadProfile } from '../../src/simulator/profile.ts'
import type { Recorder } from '../../src/simulator/recorder.ts'
import type { ClientTimes } from '../../src/simulator/request.ts'
import { drawnRequests, type SimulatedWorkload } from '../../src/simulator/request-source.ts'

/** What is true of a load in the long run, by the figures' names. */
export interface Truth {
  readonly ttft_p95_ms: number
  readonly itl_p95_ms: number
  readonly output_tokens_per_s_per_user: number
  readonly output_tokens_per_s: number
}

/** A closed loop whose truth is known. */
export interface Source {
  readonly name: string
  readonly concurrency: number
  readonly truth: Truth
  /** Records in send order of a run of so many requests, its warm-up not drained. */
  run(requests: number, seed: string): RequestRecords
}

/** Requests of a warm-up and of what holds the load behind the last measured one, over the concurrency. */
export const warmUpRounds = 4

/** A stationary first-order series of standard normals. */
export function normals(dependence: number, random: Random): () => number {
  let state = random.normal()
  const fresh = Math.sqrt(1 - dependence ** 2)
  return () => {
    const now = state
    state = dependence * state + fresh * random.normal()
    return now
  }
}

const ttft = { median: 200, spread: 0.6 }
const itl = { median: 10, spread: 0.15 }

/**
 * TTFT and ITL lognormal, each dependent on the request before; lengths fixed, or one in five answers ten times as
 * long.
 */
function synthetic(name: string, concurrency: number, dependence: number, lengths: 'fixed' | 'bimodal'): Source {
  const osl = (random: Random) => (lengths === 'fixed' ? 100 : random.uniform() < 0.8 ? 50 : 500)
  const meanOsl = lengths === 'fixed' ? 100 : 140
  const mean = ({ median, spread }: typeof ttft) => median * Math.exp(spread ** 2 / 2)
  const p95 = ({ median, spread }: typeof ttft) => median * Math.exp(spread * normalQuantile(0.95))
  return {
    name,
    concurrency,
    truth: {
      ttft_p95_ms: p95(ttft),
      itl_p95_ms: p95(itl),
      output_tokens_per_s_per_user: 1000 / mean(itl),
      // By Little's law.
      output_tokens_per_s: (1000 * concurrency * meanOsl) / (mean(ttft) + mean(itl) * (meanOsl - 1)),
    },
    run(requests, seed) {
      const random = createRandom(seed)
      const firsts = normals(dependence, random.fork('ttft'))
      const gaps = normals(dependence, random.fork('itl'))
      const records = createRecords(requests)
      const free = Float64Array.from({ length: concurrency }, (_, slot) => slot * 0.1)
      for (let row = 0; row < requests; row++) {
        let slot = 0
        for (let other = 1; other < concurrency; other++) if ((free[other] ?? 0) < (free[slot] ?? 0)) slot = other
        const sentMs = free[slot] ?? 0
        const tokens = osl(random)
        const firstMs = sentMs + ttft.median * Math.exp(ttft.spread * firsts())
        const lastMs = firstMs + itl.median * Math.exp(itl.spread * gaps()) * (tokens - 1)
        fill(records, row, { sentMs, firstMs, lastMs, tokens })
        free[slot] = lastMs
      }
      return records
    },
  }
}

function fill(
  records: RequestRecords,
  row: number,
  { sentMs, firstMs, lastMs, tokens }: { sentMs: number; firstMs: number; lastMs: number; tokens: number },
): void {
  records.scheduledMs[row] = records.sentMs[row] = sentMs
  records.firstTokenMs[row] = firstMs
  records.lastTokenMs[row] = records.doneMs[row] = lastMs
  records.outputTokens[row] = records.chunks[row] = tokens
  records.firstChunkTokens[row] = 1
}

const shipped = await loadProfile('deepseek-r1-fp4-gb200')
/**
 * Without any jitter a simulated system with fixed lengths repeats itself exactly: 1 ms is what a frontend's threads
 * do.
 */
const profile = { ...shipped, frontend: { ...shipped.frontend, jitterMs: 1 } }

/** Records of the simulated engine in virtual time. Its truth is one run of very many requests. */
function simulated(name: string, topology: Topology, workload: SimulatedWorkload, concurrency: number): Source {
  const run = (requests: number, seed: string): RequestRecords => {
    const engine = createEngine({ profile, random: createRandom(seed).fork('frontend') })
    for (const role of rolesOf(topology))
      for (let worker = 0; worker < workersOf(topology, role); worker++) engine.addWorker(role, {}, 0)
    const answers: ClientTimes[] = []
    const ignore = () => undefined
    const recorder: Recorder = {
      gap: ignore,
      begin: ignore,
      sent: ignore,
      lost: ignore,
      answered: answer => answers.push(answer),
      summary: () => {
        throw new Error('not asked')
      },
    }
    const context = { engine, firstChunkMs: profile.frontend.firstChunkMs ?? 0, recorder }
    const loop = createLoadLoop(context, drawnRequests(workload, createRandom(seed)), { count: concurrency, used: 0 })
    const none = Number.POSITIVE_INFINITY
    loop.closed(
      { concurrency, startMs: 0, phaseOf: request => (request < requests ? 'measured' : null) },
      { stopMs: none, giveUpMs: none, timeoutMs: none },
    )
    answers.sort((a, b) => a.request.arrivedMs - b.request.arrivedMs)
    const records = createRecords(answers.length)
    for (const [row, { request, firstMs, lastMs }] of answers.entries())
      fill(records, row, { sentMs: request.arrivedMs, firstMs, lastMs, tokens: request.outputTokens })
    return records
  }
  return { name, concurrency, run, truth: longRun(run, concurrency) }
}

function longRun(run: Source['run'], concurrency: number): Truth {
  const count = Math.max(100_000, 2000 * concurrency)
  const before = 20 * concurrency
  const records = run(before + count + 2 * concurrency, 'truth')
  const sample = sampleOf(records, { before, count, round: concurrency, from: 'sent' })
  const p95 = (values: Float64Array) => percentileOfSorted(sortedNumbers(values), 95)
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0)
  return {
    ttft_p95_ms: p95(sample.ttftMs),
    itl_p95_ms: p95(sample.itlMs),
    output_tokens_per_s_per_user: (1000 * sum(sample.decodeTokens)) / sum(sample.decodeMs),
    output_tokens_per_s: (1000 * sum(sample.deliveredTokens)) / sum(sample.batchMs),
  }
}

const aggregated = (workers: number): Topology => ({ kind: 'aggregated', workers })
const split = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })
const fixed = (isl: number, osl: number): SimulatedWorkload => ({
  isl: { kind: 'fixed', tokens: isl },
  osl: { kind: 'fixed', tokens: osl },
})
const chat: SimulatedWorkload = {
  isl: { kind: 'lognormal', mean: 2000, stddev: 1500 },
  osl: { kind: 'lognormal', mean: 400, stddev: 300 },
}

export function syntheticSources(): readonly Source[] {
  return [
    synthetic('independent, c=4', 4, 0, 'fixed'),
    synthetic('independent, c=16', 16, 0, 'fixed'),
    synthetic('independent, c=64', 64, 0, 'fixed'),
    synthetic('autocorrelation 0.5, c=16', 16, 0.5, 'fixed'),
    synthetic('autocorrelation 0.8, c=16', 16, 0.8, 'fixed'),
    synthetic('autocorrelation 0.8, c=64', 64, 0.8, 'fixed'),
    synthetic('autocorrelation 0.9, c=64', 64, 0.9, 'fixed'),
    synthetic('one answer in five is ten times as long, c=16', 16, 0, 'bimodal'),
    synthetic('the same, autocorrelation 0.8, c=16', 16, 0.8, 'bimodal'),
  ]
}

export function engineSources(): readonly Source[] {
  return [
    simulated('engine: agg x2, 8000/256, c=8', aggregated(2), fixed(8000, 256), 8),
    simulated('engine: agg x2, 8000/256, c=32', aggregated(2), fixed(8000, 256), 32),
    simulated('engine: 1P1D, 1000/1000, c=16', split(1, 1), fixed(1000, 1000), 16),
    simulated('engine: 2P1D, 8000/256, c=32', split(2, 1), fixed(8000, 256), 32),
    simulated('engine: 1P1D, mixed lengths, c=16', split(1, 1), chat, 16),
    simulated('engine: agg x1, mixed lengths, c=16', aggregated(1), chat, 16),
    simulated('engine: agg x1, mixed lengths, c=64', aggregated(1), chat, 64),
  ]
}
