import { Histogram } from '../../metrics/histogram.ts'
import { errorCode } from '../../metrics/records.ts'
import type { Phase } from './control.ts'
import { countDone, meet, monotonicOffsetMs, takeNumber } from './control.ts'
import { Exchange } from './exchange.ts'
import { FailureCount } from './failure.ts'
import type { Job, JobResult } from './job.ts'
import { Lane } from './lane.ts'
import { pace } from './pacer.ts'
import { ReadableClock } from './readable-clock.ts'
import { GrowingRecords } from './records.ts'
import { requestBytes } from './request-set.ts'
import { watchThread } from './thread-health.ts'

/** Bytes read at once. */
const readBytes = 64 * 1024
/** Between the starts of two slots: all at once, the first would wait in the server's queue while we still write the last. */
const startGapMs = 0.1
const maxStartSpreadMs = 50
/** After a connection could not be made, so that a server that refuses is not run against in a busy loop. */
const reconnectPauseMs = 20
/** Connections opened ahead of an open loop without a limit. */
const openLoopLanes = 64

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
  /** Answers without a count of the server's. */
  #uncounted = 0
  #phase: Phase = 'warmup'
  /** Time and grace are over: nothing more is sent. */
  #over = false
  /** What to do with a lane that is free again. */
  #onFree: (lane: Lane) => void = () => {}

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
    const { schedule, warmup, control, threads } = this.#job
    const wanted =
      schedule.kind === 'closed'
        ? schedule.concurrency
        : Math.min(schedule.maxConcurrency ?? openLoopLanes, Math.max(openLoopLanes, warmup), schedule.dueMs.length)
    await Promise.all(Array.from({ length: this.#share(wanted) }, () => this.#addLane().connect()))
    this.#records = new GrowingRecords(this.#share(warmup) + this.#lanes.length)
    const startAt = (await meet(control, threads)) - monotonicOffsetMs()
    if (warmup > 0) await this.#closedLoop(warmup, startAt, Number.POSITIVE_INFINITY)
    // Servers that closed a connection after the warm-up are met again before the clock starts, not after.
    await Promise.all(this.#lanes.map(lane => lane.connect()))
  }

  async measure(): Promise<JobResult> {
    const { schedule, control, threads, durationMs, graceMs } = this.#job
    const expected = schedule.kind === 'closed' ? (schedule.requests ?? 0) : schedule.dueMs.length
    this.#records = new GrowingRecords(Math.ceil((expected / threads) * 1.1) + this.#lanes.length)
    this.#failures = new FailureCount()
    this.#firstTexts = []
    this.#uncounted = 0
    this.#gaps.reset()
    this.#waits.reset()
    this.#phase = 'measured'
    const offset = monotonicOffsetMs()
    const startAt = (await meet(control, threads)) - offset
    const health = watchThread()
    const stopAt = durationMs === null ? Number.POSITIVE_INFINITY : startAt + durationMs
    const grace = this.#cancelAt(stopAt + graceMs)
    if (schedule.kind === 'closed')
      await this.#closedLoop(schedule.requests ?? Number.POSITIVE_INFINITY, startAt, stopAt)
    else await this.#openLoop(schedule.dueMs, startAt, schedule.maxConcurrency)
    clearTimeout(grace)
    const { records, rows } = this.#records.finish(startAt)
    return {
      health: health.stop(),
      records,
      gaps: this.#gaps.toState(),
      waits: this.#waits.toState(),
      errors: this.#failures.list(),
      uncounted: this.#uncounted,
      firstTexts: this.#firstTexts.map(([row, text]) => [rows.indexOf(row), text]),
    }
  }

  close(): void {
    clearInterval(this.#sweep)
    for (const lane of this.#lanes) lane.close()
  }

  /** Keeps every lane busy: a request is sent the moment the one before it has ended. */
  #closedLoop(requests: number, startAt: number, stopAt: number): Promise<void> {
    const { control, thread, threads } = this.#job
    const spread = Math.min(startGapMs, maxStartSpreadMs / (this.#lanes.length * threads))
    return new Promise(resolve => {
      let idle = 0
      const sendNext = (lane: Lane, scheduled: number) => {
        const number = scheduled < stopAt && !this.#over ? takeNumber(control, this.#phase) : Number.POSITIVE_INFINITY
        if (number < requests) this.#send(lane, number, scheduled)
        else if (++idle === this.#lanes.length) resolve()
      }
      this.#onFree = lane => {
        if (lane.exchange.failure?.kind === 'connect' || lane.exchange.failure?.kind === 'tls') {
          setTimeout(() => sendNext(lane, performance.now()), reconnectPauseMs)
        } else sendNext(lane, lane.exchange.at)
      }
      const due = (index: number) =>
        index < this.#lanes.length ? startAt + (index * threads + thread) * spread : Number.NaN
      void pace(due, (index, at) => {
        const lane = this.#lanes[index]
        if (lane !== undefined) sendNext(lane, at)
      })
    })
  }

  /** Sends on a schedule, whatever the answers do. */
  #openLoop(dueMs: Float64Array, startAt: number, maxConcurrency: number | null): Promise<void> {
    const { thread, threads } = this.#job
    const mine = Math.ceil((dueMs.length - thread) / threads)
    const most = maxConcurrency === null ? Number.POSITIVE_INFINITY : this.#share(maxConcurrency)
    const idle = [...this.#lanes]
    const waiting: { number: number; due: number }[] = []
    let waitingFrom = 0
    let left = mine
    return new Promise(resolve => {
      if (mine <= 0) resolve()
      this.#onFree = lane => {
        const next = waiting[waitingFrom]
        if (next === undefined) idle.push(lane)
        else if (this.#over) {
          left -= waiting.length - waitingFrom
          waitingFrom = waiting.length
        } else {
          waitingFrom += 1
          this.#send(lane, next.number, next.due)
        }
        if (--left <= 0) resolve()
      }
      void pace(
        index => (index < mine ? startAt + (dueMs[index * threads + thread] ?? Number.NaN) : Number.NaN),
        (index, due) => {
          const number = index * threads + thread
          const lane = idle.pop() ?? (this.#lanes.length < most ? this.#addLane() : undefined)
          if (lane === undefined) waiting.push({ number, due })
          else this.#send(lane, number, due)
        },
      )
    })
  }

  #send(lane: Lane, number: number, scheduled: number): void {
    const { requests, warmup, timeoutMs } = this.#job
    const index = (this.#phase === 'warmup' ? number : number + warmup) % requests.count
    const row = this.#records.add(scheduled)
    this.#records.columns.inputTokens[row] = requests.inputTokens[index] ?? 0
    lane.send(requestBytes(requests, index), row, requests.leastTokens[index] ?? 0, performance.now() + timeoutMs)
  }

  readonly #settled = (lane: Lane): void => {
    const { row, exchange } = lane
    const { chunks, outputTokens, failure } = exchange
    const columns = this.#records.columns
    columns.sentMs[row] = exchange.sentAt
    columns.firstTokenMs[row] = exchange.firstAt
    columns.secondTokenMs[row] = exchange.secondAt
    columns.lastTokenMs[row] = exchange.lastAt
    columns.doneMs[row] = exchange.endAt
    if (exchange.inputTokens > 0) columns.inputTokens[row] = exchange.inputTokens
    columns.outputTokens[row] = outputTokens >= 0 ? outputTokens : chunks
    columns.chunks[row] = chunks
    columns.firstChunkTokens[row] = outputTokens > chunks ? Math.round(outputTokens / chunks) : 1
    this.#waits.record(exchange.waitedMs)
    if (failure !== null) {
      columns.error[row] = errorCode(failure.kind)
      this.#failures.add(failure)
    } else if (outputTokens > chunks && chunks > 1) this.#firstTexts.push([row, exchange.firstText])
    else if (outputTokens < 0) this.#uncounted += 1
    countDone(this.#job.control, this.#phase)
    this.#onFree(lane)
  }

  #addLane(): Lane {
    const { target, api, streaming } = this.#job
    const context = { target, clock: this.#clock, buffer: this.#buffer, settled: this.#settled }
    const lane = new Lane(context, new Exchange(api, streaming, this.#gaps))
    this.#lanes.push(lane)
    return lane
  }

  #cancelAt(at: number): NodeJS.Timeout | undefined {
    if (at === Number.POSITIVE_INFINITY) return undefined
    return setTimeout(() => {
      this.#over = true
      for (const lane of this.#lanes) lane.abandon('cancelled', 'still running when time and grace were over')
    }, at - performance.now())
  }

  /** This thread's part of a number. */
  #share(total: number): number {
    const { thread, threads } = this.#job
    return Math.floor(total / threads) + (thread < total % threads ? 1 : 0)
  }
}
