import { setTimeout as setTimeoutPromise } from 'node:timers/promises'
import { itlOf } from '../../metrics/definitions.ts'
import { Histogram } from '../../metrics/histogram.ts'
import { decodeTimesOf, errorCode, phaseCode, type RequestPhase, type RequestRecords } from '../../metrics/records.ts'
import { arrivalsAround, createRandom, defined, generates, openLoopConnections } from '../../model/index.ts'
import { endings } from './answer-ends.ts'
import { closedLoop } from './closed-loop.ts'
import { collectGarbage } from './collect-garbage.ts'
import { Connection } from './connection.ts'
import { countDone, meet, monotonicOffsetMs, mostMeasured, takeNumber } from './control.ts'
import { nextTurn, remember } from './conversation.ts'
import { Exchange } from './exchange.ts'
import { FailureCount } from './failure.ts'
import type { Job, JobResult, LoadAround, ReasoningText, Schedule, UncountedText } from './job.ts'
import { type ReadyRequests, readyRequests, withHeader } from './late-requests.ts'
import { countEnded, countSent, type LivePart, tokensOf } from './live-table.ts'
import { rowOf, tellEnded, tellMissed } from './look-table.ts'
import type { Loop, LoopContext, Sending } from './loop.ts'
import type { OpenLoop } from './open-loop.ts'
import { openLoop } from './open-loop.ts'
import { ReadableClock } from './readable-clock.ts'
import { GrowingRecords } from './records.ts'
import { requestBytes } from './request-set.ts'
import { type Follow, planFollow, type Session, type SessionPlan, thinkTimes, turnsFollow } from './sessions.ts'
import { createSessionsSeen } from './sessions-seen.ts'
import { watchThread } from './thread-health.ts'
import { replayedSessions, sessionStarts, userLoop } from './user-loop.ts'

/** Bytes per read. */
const readBytes = 64 * 1024
/** Connections to open at once. More would overflow a server's backlog and be retried after a second. */
const connectsAtOnce = 128
/** Maximum delay of the start caused by opening connections. */
const maxConnectMs = 10_000
/** How long requests that only maintained the load may continue after it ends; then their connections are closed. */
const drainMs = 2000

/** How often an open loop checks whether its window is over. */
const lookForEndMs = 20

/**
 * Maximum characters of reasoning that one thread keeps for counting. The reasoning tokens of later answers are
 * unknown.
 */
const maxReasoningChars = 64 * 1024 * 1024

const wholeEnding = endings.done | endings.finishReason

/**
 * One thread's part of a measurement: connects, warms up, waits for the other threads, measures, maintains the load,
 * and reports.
 */
export async function runJob(job: Job, beforeLoad: () => void = collectGarbage): Promise<JobResult> {
  const run = new ThreadRun(job)
  try {
    await run.connect()
    beforeLoad()
    return await run.measure()
  } finally {
    run.close()
  }
}

class ThreadRun {
  readonly #job: Job
  /** Gaps of measured requests, and of all others. */
  readonly #gaps = new Histogram()
  /** Gaps of the requests of each round, if the window moves: its rounds are only known later. */
  readonly #gapsByRound: Histogram[] = []
  readonly #otherGaps = new Histogram()
  readonly #clock = new ReadableClock()
  readonly #buffer = Buffer.allocUnsafeSlow(readBytes)
  readonly #connections: Connection[] = []
  readonly #sweep: NodeJS.Timeout
  readonly #records: GrowingRecords
  readonly #failures = new FailureCount()
  /** Times that first tokens may have waited to be read: the uncertainty of TTFT. */
  readonly #waits = new Histogram()
  readonly #firstTexts: [number, string][] = []
  readonly #texts: UncountedText[] = []
  readonly #reasoning: ReasoningText[] = []
  #reasoningChars = 0
  readonly #unended: [number, number][] = []
  readonly #noPromptTokens: number[] = []
  /** Index in the request set of each row, if there are sessions or traces. */
  readonly #indexes: number[] = []
  /** This thread's live counts. */
  readonly #live: LivePart
  readonly #liveTtft: Histogram
  readonly #liveItl: Histogram
  #resent = 0
  #skipped = 0
  readonly #seen = createSessionsSeen()
  readonly #ready: ReadyRequests | null
  #window = { startAt: Number.POSITIVE_INFINITY, endAt: Number.POSITIVE_INFINITY }
  /** Row in the table for each row here, if a rule reads the table. */
  readonly #rows: (number | null)[] = []
  readonly #offsetMs = monotonicOffsetMs()
  #loop: Loop | null = null
  #stopAt = Number.POSITIVE_INFINITY
  /** Begins the load after an open loop's window. */
  #later: NodeJS.Timeout | undefined

  constructor(job: Job) {
    this.#job = job
    this.#ready = job.requests.late === undefined ? null : readyRequests(job.requests.late)
    const { schedule, threads } = job
    const live = job.live.threads[job.thread]
    if (live === undefined) throw new Error('every thread needs its part of the live table')
    this.#live = live
    this.#liveTtft = new Histogram(live.ttft)
    this.#liveItl = new Histogram(live.itl)
    const measured = schedule.kind === 'closed' ? (schedule.requests ?? 0) : schedule.dueMs.length
    const slots = schedule.kind === 'closed' ? schedule.concurrency : openLoopConnections
    // Warm-up, plus about one request per slot that maintains the load.
    this.#records = new GrowingRecords(Math.ceil(((measured + job.warmup) * 1.1 + 2 * slots) / threads))
    const everyMs = Math.min(250, Math.max(5, job.timeoutMs / 50))
    this.#sweep = setInterval(() => {
      const now = performance.now()
      for (const connection of this.#connections) connection.expire(now)
    }, everyMs)
  }

  /** Opens the connections. */
  async connect(): Promise<void> {
    const { schedule, warmup } = this.#job
    const wanted =
      schedule.kind === 'closed'
        ? schedule.concurrency
        : Math.min(
            schedule.users ?? schedule.maxConcurrency ?? openLoopConnections,
            schedule.users ?? Math.max(openLoopConnections, warmup),
            schedule.dueMs.length,
          )
    for (let left = this.#share(wanted); left > 0; left -= connectsAtOnce) {
      const some = Array.from({ length: Math.min(left, connectsAtOnce) }, () =>
        this.#addConnection().connect(this.#connectMs),
      )
      await Promise.all(some)
    }
  }

  async measure(): Promise<JobResult> {
    const { window, durationMs, graceMs } = this.#job
    let loop: Loop | null = window === 'steady' ? await this.#beginSteady() : await this.#warmUpAndDrain()
    const windowAt = await this.#meet()
    const health = watchThread()
    this.#stopAt = durationMs === null ? Number.POSITIVE_INFINITY : windowAt + durationMs
    loop = this.#beginWindow(loop, windowAt)
    const grace =
      durationMs === null ? undefined : setTimeout(() => this.#giveUp(), this.#stopAt + graceMs - performance.now())
    await loop.answered
    clearTimeout(grace)
    // Requests sent early may be answered early, but a window limited by time lasts its full duration.
    if (window === 'steady' && durationMs !== null) await setTimeoutPromise(this.#stopAt - performance.now())
    const watched = health.stop()
    await this.#meet()
    clearTimeout(this.#later)
    loop.stop()
    await this.#drained(loop)
    const { records, rows } = this.#records.finish(windowAt)
    return {
      health: watched,
      records,
      gaps: this.#gaps.toState(),
      ...(this.#job.windowMoves === true ? { gapsByRound: this.#gapsByRound.map(gaps => gaps.toState()) } : {}),
      waits: this.#waits.toState(),
      errors: this.#failures.list(),
      firstTexts: this.#firstTexts.map(([row, text]) => [rows[row] ?? row, text]),
      texts: this.#texts.map(text => ({ ...text, row: rows[text.row] ?? text.row })),
      reasoning: this.#reasoning.map(text => ({ ...text, row: rows[text.row] ?? text.row })),
      unended: this.#unended.map(([row, ending]) => [rows[row] ?? row, ending]),
      noPromptTokens: this.#noPromptTokens.map(row => rows[row] ?? row),
      resent: this.#resent,
      ...(this.#tellsIndexes ? { indexes: inRows(this.#indexes, rows) } : {}),
      ...(this.#hasSessions ? { sessions: this.#seen.toState(this.#skipped) } : {}),
    }
  }

  close(): void {
    clearInterval(this.#sweep)
    clearTimeout(this.#later)
    for (const connection of this.#connections) connection.close()
  }

  get #connectMs(): number {
    return Math.min(this.#job.timeoutMs, maxConnectMs)
  }

  /** The common start at the next barrier, on this thread's clock. */
  async #meet(): Promise<number> {
    const { control, threads } = this.#job
    return (await meet(control, threads)) - monotonicOffsetMs()
  }

  /** Begins the load of a steady window, and resolves when it is warm. */
  async #beginSteady(): Promise<Loop> {
    const { schedule, firstMeasured } = this.#job
    const startAt = await this.#meet()
    const loop =
      schedule.kind === 'closed'
        ? this.#closed(startAt, (number, at) => this.#phaseOf(number, at, firstMeasured, schedule.requests))
        : this.#open(schedule, startAt)
    await loop.warm
    return loop
  }

  #phaseOf(number: number, scheduled: number, firstMeasured: number, requests: number | null) {
    const { control, requests: set } = this.#job
    if (number * set.turns < firstMeasured) return 'warm-up'
    const most = Math.min(requests ?? Number.POSITIVE_INFINITY, mostMeasured(control))
    const isMeasured = number * set.turns < firstMeasured + most
    return isMeasured && scheduled < this.#stopAt ? 'measured' : 'after'
  }

  /** Warms up and drains. The window then begins with new load. */
  async #warmUpAndDrain(): Promise<null> {
    const { warmup, requests } = this.#job
    const startAt = await this.#meet()
    const conversations = Math.ceil(warmup / requests.turns)
    if (warmup > 0) await this.#closed(startAt, number => (number < conversations ? 'warm-up' : null)).finished
    // Reconnects to servers that closed a connection after the warm-up, before the clock starts.
    await Promise.all(this.#connections.map(connection => connection.connect(this.#connectMs)))
    return null
  }

  /** A warm closed loop continues. A scheduled load, or one without warm-up, begins. */
  #beginWindow(loop: Loop | null, windowAt: number): Loop {
    const { schedule, firstMeasured, threads, thread, requests } = this.#job
    if (schedule.kind === 'closed') {
      if (loop !== null) return loop
      const first = firstMeasured / requests.turns
      const last = first + Math.ceil((schedule.requests ?? Number.POSITIVE_INFINITY) / requests.turns)
      const phaseOf = (number: number, scheduled: number) =>
        number < last && scheduled < this.#stopAt ? 'measured' : null
      return this.#closed(windowAt, phaseOf, first)
    }
    const { dueMs, around, users } = schedule
    if (users !== undefined) return this.#users(users, windowAt)
    const open = (loop as OpenLoop | null) ?? this.#openLoop(schedule, windowAt, null)
    const endAt = this.#stopAt === Number.POSITIVE_INFINITY ? windowAt + (dueMs.at(-1) ?? 0) : this.#stopAt
    this.#window = { startAt: windowAt, endAt }
    const { sessions } = this.#job
    let index = 0
    if (sessions === undefined) {
      const { turns } = requests
      open.add({
        phase: 'measured',
        startAt: windowAt,
        next: () => dueMs[index++ * threads + thread] ?? Number.POSITIVE_INFINITY,
        numberOf: sent => firstMeasured + (sent * threads + thread) * turns,
        ...(turns > 1 && around !== null ? { measuredUntil: endAt } : {}),
      })
    } else {
      const firsts = this.#firstRequests(sessions)
      open.add({
        phase: 'measured',
        startAt: windowAt,
        next: () => dueMs[firsts[index++] ?? Number.NaN] ?? Number.POSITIVE_INFINITY,
        numberOf: sent => firsts[sent] ?? -1,
        sessionOf: sent => sessions.session[firsts[sent] ?? 0] ?? 0,
      })
    }
    if (around === null) return open
    const end = (at: number) => open.add(this.#arrivals('after', around, around.afterPerS, at))
    if (this.#job.table === null) this.#later = setTimeout(() => end(endAt), endAt - performance.now())
    else this.#endWhenTold(end, endAt)
    return open
  }

  /** Ends the window at its last request, or earlier if nothing more will be measured. */
  #endWhenTold(end: (at: number) => void, endAt: number): void {
    const { control } = this.#job
    const most = mostMeasured(control)
    const look = () => {
      const now = performance.now()
      if (now < endAt && mostMeasured(control) === most) {
        this.#later = setTimeout(look, Math.min(lookForEndMs, endAt - now))
      } else end(Math.min(now, endAt))
    }
    look()
  }

  #closed(startAt: number, phaseOf: (number: number, scheduled: number) => Sending['phase'] | null, drained?: number) {
    const { control, requests } = this.#job
    const takeNext = () => (drained ?? 0) + takeNumber(control, drained !== undefined)
    const loop = closedLoop(
      { startAt, turns: requests.turns, follow: this.#turns(), takeNumber: takeNext, phaseOf },
      this.#loopContext(),
    )
    this.#loop = loop
    return loop
  }

  /** Users who replay this thread's sessions one after another. */
  #users(users: number, startAt: number): Loop {
    const { sessions: plan, thread, threads } = this.#job
    if (plan === undefined) throw new Error('users need sessions')
    const starts = sessionStarts(plan)
    const loop = userLoop(
      {
        ...{ startAt, users: this.#share(users), plan, sessions: replayedSessions(plan, thread, threads) },
        follow: startedAt =>
          planFollow(plan, row => {
            const session = plan.session[row] ?? 0
            return startedAt(session) + (plan.dueMs[row] ?? 0) - (starts.get(session) ?? 0)
          }),
      },
      this.#loopContext(),
    )
    this.#loop = loop
    return loop
  }

  #open(schedule: Extract<Schedule, { kind: 'open' }>, startAt: number): OpenLoop {
    const { around } = schedule
    const loop = this.#openLoop(schedule, startAt, around)
    if (around !== null && around.beforePerS > 0) {
      loop.add(this.#arrivals('warm-up', around, around.beforePerS, startAt))
    }
    return loop
  }

  #openLoop(schedule: Extract<Schedule, { kind: 'open' }>, startAt: number, around: LoadAround | null): OpenLoop {
    const most = schedule.maxConcurrency === null ? Number.POSITIVE_INFINITY : this.#share(schedule.maxConcurrency)
    const wanted = around === null || around.beforePerS === 0 ? null : this.#share(this.#job.warmup)
    const { requests, sessions } = this.#job
    const follow =
      sessions !== undefined
        ? planFollow(sessions, row => startAt + (sessions.dueMs[row] ?? 0))
        : requests.turns > 1
          ? this.#turns()
          : null
    const loop = openLoop(
      most,
      { wanted, startAt, windowMs: around?.windowMs ?? 0 },
      this.#loopContext(),
      follow === null ? null : { follow, phaseAt: around === null ? () => null : at => this.#phaseAt(at) },
    )
    this.#loop = loop
    return loop
  }

  /** This thread's arrivals at a rate before or after the window. */
  #arrivals(phase: 'warm-up' | 'after', around: LoadAround, requestsPerS: number, startAt: number) {
    const { thread, threads } = this.#job
    const { arrivals, seed, part, parts } = around
    const all = arrivalsAround(phase === 'warm-up' ? 'before' : 'after', requestsPerS, arrivals, seed)
    const stride = threads * parts
    let drawn = 0
    const next = () => {
      for (;;) {
        const atMs = all()
        if (atMs === Number.POSITIVE_INFINITY || drawn++ % stride === part + parts * thread) return atMs
      }
    }
    return { phase, startAt, next, numberOf: (sent: number) => (sent * threads + thread) * this.#job.requests.turns }
  }

  #loopContext(): LoopContext {
    const { thread, threads } = this.#job
    return {
      connections: this.#connections,
      clock: this.#clock,
      thread,
      threads,
      send: (connection, sending) => this.#send(connection, sending),
      addConnection: () => this.#addConnection(),
      skipped: (count, before) => {
        if (before.phase === 'measured') this.#skipped += count
        const { table, firstMeasured } = this.#job
        const row = table === null ? null : rowOf(table, before, firstMeasured)
        if (table !== null && row !== null) tellMissed(table, row + 1, count)
      },
      prepare: number => this.#ready?.prepare(number),
    }
  }

  #turns(): Follow {
    const { requests, thinkMs, thinkSpread, seed = 0 } = this.#job
    const think = { meanMs: thinkMs, ...defined({ spread: thinkSpread }) }
    return turnsFollow(requests.turns, thinkTimes(think, createRandom(seed).fork('think')))
  }

  /** Phase of a request that becomes due at this time. */
  #phaseAt(dueAt: number): RequestPhase {
    const { startAt, endAt } = this.#window
    return dueAt < startAt ? 'warm-up' : dueAt < endAt ? 'measured' : 'after'
  }

  /** Requests of this thread's sessions that wait for no answer. */
  #firstRequests({ waitsFor, session }: SessionPlan): Uint32Array {
    const { thread, threads } = this.#job
    const isMine = (row: number) => waitsFor[row] === 0 && (session[row] ?? 0) % threads === thread
    return Uint32Array.from(waitsFor.keys().filter(isMine))
  }

  #send(connection: Connection, sending: Sending): void {
    const { requests, timeoutMs, sessions, sessionHeader } = this.#job
    const { session } = sending
    const index = this.#indexOf(sending)
    const row = this.#records.add(sending.scheduled)
    this.#records.columns.inputTokens[row] = requests.inputTokens[index] || Number.NaN
    this.#records.columns.turn[row] = sessions?.turn[index] ?? index % requests.turns
    this.#records.columns.phase[row] = phaseCode(sending.phase)
    if (requests.models !== undefined) this.#records.columns.model[row] = requests.models[index] ?? 0
    if (this.#tellsIndexes) this.#indexes[row] = index
    if (requests.turns > 1) this.#records.columns.session[row] = Math.floor(sending.number / requests.turns)
    const { table, firstMeasured } = this.#job
    if (table !== null) this.#rows[row] = rowOf(table, sending, firstMeasured)
    connection.exchange.gaps = sending.phase === 'measured' ? this.#gapsOf(sending.number) : this.#otherGaps
    connection.exchange.firsts = sending.phase === 'measured' ? this.#liveTtft : null
    connection.exchange.dueAt = this.#job.schedule.kind === 'open' ? sending.scheduled : null
    countSent(this.#live)
    connection.session = session
    if (sending.phase === 'measured') this.#seen.begun(sending)
    const bytes =
      requests.turns > 1 && session !== null
        ? nextTurn(session, requests, index)
        : (this.#ready?.take(index) ?? requestBytes(requests, index))
    const whole =
      sessionHeader === undefined || session === null ? bytes : withHeader(bytes, sessionHeader, this.#nameOf(session))
    connection.send(whole, row, requests.leastTokens[index] ?? 0, performance.now() + timeoutMs)
  }

  /** The histogram for the gaps of a measured request. */
  #gapsOf(number: number): Histogram {
    const { windowMoves, schedule, firstMeasured } = this.#job
    if (windowMoves !== true || schedule.kind !== 'closed') return this.#gaps
    const round = Math.floor((number - firstMeasured) / schedule.concurrency)
    while (this.#gapsByRound.length <= round) this.#gapsByRound.push(new Histogram())
    return this.#gapsByRound[round] ?? this.#gaps
  }

  /** Index of a request in the set. Unmeasured and unplanned requests have separate prompts. */
  #indexOf({ phase: own, number, session }: Sending): number {
    const { requests, firstMeasured } = this.#job
    const phase = session?.phase ?? own
    const isSpare = phase === 'after' || (phase === 'warm-up' && number >= firstMeasured)
    if (!isSpare || requests.spare === 0) return number % requests.count
    return requests.count + (number % requests.spare)
  }

  readonly #settled = (connection: Connection): void => {
    const { row, exchange } = connection
    const { chunks, outputTokens, failure, usage } = exchange
    const phase = this.#loop?.phaseOf(connection) ?? 'after'
    const isMeasured = phase === 'measured'
    const columns = this.#records.columns
    columns.sentMs[row] = exchange.sentAt
    columns.firstTokenMs[row] = exchange.firstAt
    columns.secondTokenMs[row] = exchange.secondAt
    columns.restMs[row] = exchange.restAt
    columns.lastTokenMs[row] = exchange.lastAt
    columns.answerMs[row] = exchange.answerAt
    columns.doneMs[row] = exchange.endAt
    if (exchange.inputTokens > 0) columns.inputTokens[row] = exchange.inputTokens
    if (exchange.cachedTokens >= 0) columns.cachedTokens[row] = exchange.cachedTokens
    if (!generates(this.#job.api)) columns.outputTokens[row] = Number.NaN
    else columns.outputTokens[row] = usage === 'said' || usage === 'doubtful' ? outputTokens : chunks
    columns.chunks[row] = chunks
    columns.reasoningChunks[row] = exchange.reasoningChunks
    if (exchange.drafts !== null) {
      columns.draftSteps[row] = exchange.drafts.steps
      columns.draftTokens[row] = exchange.drafts.drafted
      columns.acceptedTokens[row] = exchange.drafts.accepted
    }
    if (exchange.reasoningTokens >= 0) columns.reasoningTokens[row] = exchange.reasoningTokens
    // 0 until known: see afterwards.ts.
    columns.firstChunkTokens[row] = exchange.firstTokens
    columns.headChunks[row] = exchange.headChunks
    columns.laterArrivals[row] = exchange.laterArrivals
    columns.restFrom[row] = exchange.restFrom
    columns.lastGapMs[row] = exchange.lastGapMs
    if (isMeasured) this.#waits.record(exchange.waitedMs)
    if (isMeasured && connection.resent) this.#resent += 1
    if (failure !== null) {
      columns.error[row] = errorCode(failure.kind)
      if (isMeasured) this.#failures.add(failure)
    } else this.#note(row, exchange, connection.leastTokens)
    if (this.#job.requests.turns > 1 && connection.session !== null) remember(connection.session, exchange.text)
    if (isMeasured && (columns.turn[row] ?? 0) > 0)
      this.#seen.sent(exchange.sentAt - (columns.scheduledMs[row] ?? Number.NaN))
    this.#showLive(columns, row, isMeasured, failure !== null)
    countDone(this.#job.control, phase)
    const { table } = this.#job
    const told = this.#rows[row] ?? null
    if (table !== null && told !== null) tellEnded(table, told, columns, row, this.#offsetMs)
    this.#loop?.free(connection)
  }

  /** Counts an answer for readers of the running load. */
  #showLive(columns: RequestRecords, row: number, isMeasured: boolean, isFailure: boolean): void {
    const of = (column: Float64Array) => column[row] ?? Number.NaN
    const [outputTokens, chunks] = [of(columns.outputTokens), of(columns.chunks)]
    const unseen = outputTokens > chunks ? outputTokens - chunks : 0
    countEnded(this.#live, unseen, isMeasured && isFailure)
    if (!isMeasured || isFailure) return
    this.#liveItl.record(itlOf(decodeTimesOf(columns, row)))
  }

  /** Keeps the parts of an answer that are processed later. */
  #note(row: number, exchange: Exchange, leastTokens: number): void {
    const { usage, chunks, outputTokens, ending } = exchange
    // Embeddings have no text to count.
    if (usage !== 'said' && generates(this.#job.api))
      this.#texts.push({ row, usage, leastTokens, ...exchange.wholeText() })
    if (exchange.reasoningChunks > 0 && exchange.reasoningTokens < 0 && (usage !== 'said' || outputTokens !== chunks))
      this.#keepReasoning(row, exchange)
    const several = usage !== 'said' || outputTokens > chunks
    if (several && chunks > 1 && exchange.firstTokens === 0) this.#firstTexts.push([row, exchange.firstText])
    if (ending !== wholeEnding) this.#unended.push([row, ending])
    if (exchange.inputTokens !== -1 && !(exchange.inputTokens > 0)) this.#noPromptTokens.push(row)
  }

  get #tellsIndexes(): boolean {
    return this.#job.requests.turns > 1 || this.#job.requests.late !== undefined
  }

  #keepReasoning(row: number, exchange: Exchange): void {
    const kept = this.#reasoningChars < maxReasoningChars ? exchange.reasoningText() : null
    if (kept === null) return
    this.#reasoningChars += kept.text.length
    this.#reasoning.push({ row, ...kept })
  }

  get #hasSessions(): boolean {
    return this.#job.sessions !== undefined || this.#job.requests.turns > 1
  }

  /** Name of a session, unique to this point and thread. */
  #nameOf({ id }: Session): string {
    return `${this.#job.sessionName ?? 'session'}-${id}-${this.#job.thread}`
  }

  #addConnection(): Connection {
    const { target, api, streaming, requests } = this.#job
    const context = { target, clock: this.#clock, buffer: this.#buffer, settled: this.#settled }
    const connection = new Connection(
      context,
      new Exchange({ api, streaming, gaps: this.#gaps, collect: requests.turns > 1, arrived: tokensOf(this.#live) }),
    )
    this.#connections.push(connection)
    return connection
  }

  /** Ends measured requests that are still running after the time and grace period, and counts them as canceled. */
  #giveUp(): void {
    this.#loop?.giveUp()
    for (const connection of this.#connections) {
      if (this.#loop?.phaseOf(connection) === 'measured')
        connection.abandon('cancelled', 'still running when time and grace were over')
    }
  }

  /** Lets requests that maintained the load end by themselves for a limited time. */
  async #drained(loop: Loop): Promise<void> {
    const close = setTimeout(() => {
      for (const connection of this.#connections) connection.abandon('cancelled', 'the load was over')
    }, drainMs)
    await loop.finished
    clearTimeout(close)
  }

  /** This thread's share of a number. */
  #share(total: number): number {
    const { thread, threads } = this.#job
    return Math.floor(total / threads) + (thread < total % threads ? 1 : 0)
  }
}

/** Reorders values from insertion order to the order of the finished rows. */
function inRows(values: readonly number[], rows: Uint32Array): Uint32Array {
  const ordered = new Uint32Array(values.length)
  for (const [row, value] of values.entries()) ordered[rows[row] ?? row] = value
  return ordered
}
