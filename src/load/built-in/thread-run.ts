import { Histogram } from '../../metrics/histogram.ts'
import { errorCode } from '../../metrics/records.ts'
import { closedLoop } from './closed-loop.ts'
import type { Phase } from './control.ts'
import { countDone, meet, monotonicOffsetMs, takeNumber } from './control.ts'
import { nextTurn, remember } from './conversation.ts'
import { Exchange, endings } from './exchange.ts'
import { FailureCount } from './failure.ts'
import type { Job, JobResult, Schedule, UncountedText } from './job.ts'
import { Lane } from './lane.ts'
import type { Loop, LoopContext } from './loop.ts'
import { openLoop } from './open-loop.ts'
import { ReadableClock } from './readable-clock.ts'
import { GrowingRecords } from './records.ts'
import { requestBytes } from './request-set.ts'
import { watchThread } from './thread-health.ts'

/** Bytes read at once. */
const readBytes = 64 * 1024
/** Connections opened at once: more would overflow a server's backlog, and wait for a second try of a second. */
const connectsAtOnce = 128
/** How long opening connections ahead may hold the start up. */
const maxConnectMs = 10_000
/** Connections opened ahead of an open loop without a limit. */
const openLoopLanes = 64

const wholeEnding = endings.done | endings.finishReason

/** One thread's part of a measurement: connects, warms up, meets the other threads, runs, and reports. */
export async function runJob(job: Job): Promise<JobResult> {
  const run = new ThreadRun(job)
  try {
    await run.prepare()
    return await run.measure()
  } finally {
    run.close()
  }
}

class ThreadRun {
  readonly #job: Job
  readonly #gaps = new Histogram()
  readonly #clock = new ReadableClock()
  readonly #buffer = Buffer.allocUnsafeSlow(readBytes)
  readonly #lanes: Lane[] = []
  readonly #sweep: NodeJS.Timeout
  #records = new GrowingRecords(0)
  #failures = new FailureCount()
  /** How long first tokens may have lain unread: the uncertainty of TTFT. */
  readonly #waits = new Histogram()
  #firstTexts: [number, string][] = []
  #texts: UncountedText[] = []
  #unended: [number, number][] = []
  #noPromptTokens: number[] = []
  #phase: Phase = 'warmup'
  #loop: Loop | null = null

  constructor(job: Job) {
    this.#job = job
    const everyMs = Math.min(250, Math.max(5, job.timeoutMs / 50))
    this.#sweep = setInterval(() => {
      const now = performance.now()
      for (const lane of this.#lanes) lane.expire(now)
    }, everyMs)
  }

  /** Opens the connections and sends the warm-up. */
  async prepare(): Promise<void> {
    const { schedule, warmup, control, threads, timeoutMs } = this.#job
    const connectMs = Math.min(timeoutMs, maxConnectMs)
    const wanted =
      schedule.kind === 'closed'
        ? schedule.concurrency
        : Math.min(schedule.maxConcurrency ?? openLoopLanes, Math.max(openLoopLanes, warmup), schedule.dueMs.length)
    for (let left = this.#share(wanted); left > 0; left -= connectsAtOnce) {
      const some = Array.from({ length: Math.min(left, connectsAtOnce) }, () => this.#addLane().connect(connectMs))
      await Promise.all(some)
    }
    this.#records = new GrowingRecords(this.#share(warmup) + this.#lanes.length)
    const startAt = (await meet(control, threads)) - monotonicOffsetMs()
    if (warmup > 0) await this.#closed(warmup, startAt, Number.POSITIVE_INFINITY).finished
    // Servers that closed a connection after the warm-up are met again before the clock starts, not after.
    await Promise.all(this.#lanes.map(lane => lane.connect(connectMs)))
  }

  async measure(): Promise<JobResult> {
    const { schedule, control, threads, durationMs, graceMs } = this.#job
    const expected = schedule.kind === 'closed' ? (schedule.requests ?? 0) : schedule.dueMs.length
    this.#records = new GrowingRecords(Math.ceil((expected / threads) * 1.1) + this.#lanes.length)
    this.#failures = new FailureCount()
    this.#firstTexts = []
    this.#texts = []
    this.#unended = []
    this.#noPromptTokens = []
    this.#gaps.reset()
    this.#waits.reset()
    this.#phase = 'measured'
    const offset = monotonicOffsetMs()
    const startAt = (await meet(control, threads)) - offset
    const health = watchThread()
    const stopAt = durationMs === null ? Number.POSITIVE_INFINITY : startAt + durationMs
    const loop =
      schedule.kind === 'closed'
        ? this.#closed(schedule.requests ?? Number.POSITIVE_INFINITY, startAt, stopAt)
        : this.#open(schedule, startAt)
    const grace =
      durationMs === null ? undefined : setTimeout(() => this.#giveUp(loop), stopAt + graceMs - performance.now())
    await loop.finished
    clearTimeout(grace)
    const { records, rows } = this.#records.finish(startAt)
    return {
      health: health.stop(),
      records,
      gaps: this.#gaps.toState(),
      waits: this.#waits.toState(),
      errors: this.#failures.list(),
      firstTexts: this.#firstTexts.map(([row, text]) => [rows[row] ?? row, text]),
      texts: this.#texts.map(text => ({ ...text, row: rows[text.row] ?? text.row })),
      unended: this.#unended.map(([row, ending]) => [rows[row] ?? row, ending]),
      noPromptTokens: this.#noPromptTokens.map(row => rows[row] ?? row),
    }
  }

  close(): void {
    clearInterval(this.#sweep)
    for (const lane of this.#lanes) lane.close()
  }

  #closed(requests: number, startAt: number, stopAt: number): Loop {
    const { control } = this.#job
    const phase = this.#phase
    const { turns } = this.#job.requests
    const options = {
      startAt,
      stopAt,
      conversations: Math.ceil(requests / turns),
      turns,
      thinkMs: this.#job.thinkMs,
      takeNumber: () => takeNumber(control, phase),
    }
    this.#loop = closedLoop(options, this.#loopContext())
    return this.#loop
  }

  #open(schedule: Extract<Schedule, { kind: 'open' }>, startAt: number): Loop {
    const most = schedule.maxConcurrency === null ? Number.POSITIVE_INFINITY : this.#share(schedule.maxConcurrency)
    this.#loop = openLoop({ startAt, dueMs: schedule.dueMs, most }, this.#loopContext())
    return this.#loop
  }

  #loopContext(): LoopContext {
    const { thread, threads } = this.#job
    return {
      lanes: this.#lanes,
      clock: this.#clock,
      thread,
      threads,
      send: (lane, number, scheduled) => this.#send(lane, number, scheduled),
      addLane: () => this.#addLane(),
    }
  }

  #send(lane: Lane, number: number, scheduled: number): void {
    const { requests, firstMeasured, timeoutMs } = this.#job
    const index = (this.#phase === 'warmup' ? number : number + firstMeasured) % requests.count
    const row = this.#records.add(scheduled)
    this.#records.columns.inputTokens[row] = requests.inputTokens[index] ?? 0
    this.#records.columns.turn[row] = index % requests.turns
    const bytes = requests.turns > 1 ? nextTurn(lane, requests, index) : requestBytes(requests, index)
    lane.send(bytes, row, requests.leastTokens[index] ?? 0, performance.now() + timeoutMs)
  }

  readonly #settled = (lane: Lane): void => {
    const { row, exchange } = lane
    const { chunks, outputTokens, failure, usage } = exchange
    const columns = this.#records.columns
    columns.sentMs[row] = exchange.sentAt
    columns.firstTokenMs[row] = exchange.firstAt
    columns.secondTokenMs[row] = exchange.secondAt
    columns.lastTokenMs[row] = exchange.lastAt
    columns.doneMs[row] = exchange.endAt
    if (exchange.inputTokens > 0) columns.inputTokens[row] = exchange.inputTokens
    columns.outputTokens[row] = usage === 'said' || usage === 'doubtful' ? outputTokens : chunks
    columns.chunks[row] = chunks
    // 0 until it is known: see afterwards.ts.
    columns.firstChunkTokens[row] = exchange.firstTokens
    this.#waits.record(exchange.waitedMs)
    if (failure !== null) {
      columns.error[row] = errorCode(failure.kind)
      this.#failures.add(failure)
    } else this.#note(row, exchange)
    if (this.#job.requests.turns > 1) remember(lane)
    countDone(this.#job.control, this.#phase)
    this.#loop?.free(lane)
  }

  /** Keeps of an answer what is settled afterwards. */
  #note(row: number, exchange: Exchange): void {
    const { usage, chunks, outputTokens, ending } = exchange
    if (usage !== 'said') this.#texts.push({ row, usage, ...exchange.wholeText() })
    const several = usage !== 'said' || outputTokens > chunks
    if (several && chunks > 1 && exchange.firstTokens === 0) this.#firstTexts.push([row, exchange.firstText])
    if (ending !== wholeEnding) this.#unended.push([row, ending])
    if (exchange.inputTokens !== -1 && !(exchange.inputTokens > 0)) this.#noPromptTokens.push(row)
  }

  #addLane(): Lane {
    const { target, api, streaming, requests } = this.#job
    const context = { target, clock: this.#clock, buffer: this.#buffer, settled: this.#settled }
    const lane = new Lane(context, new Exchange({ api, streaming, gaps: this.#gaps, collect: requests.turns > 1 }))
    this.#lanes.push(lane)
    return lane
  }

  /** Time and grace are over: what still runs is counted as cancelled. */
  #giveUp(loop: Loop): void {
    loop.stop()
    for (const lane of this.#lanes) lane.abandon('cancelled', 'still running when time and grace were over')
  }

  /** This thread's part of a number. */
  #share(total: number): number {
    const { thread, threads } = this.#job
    return Math.floor(total / threads) + (thread < total % threads ? 1 : 0)
  }
}
