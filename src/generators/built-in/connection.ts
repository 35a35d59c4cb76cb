import type { Socket } from 'node:net'
import { EventTooLong } from './event-reader.ts'
import type { Exchange } from './exchange.ts'
import { socketFailure } from './failure.ts'
import type { ReadableClock } from './readable-clock.ts'
import { MalformedResponse } from './response-head.ts'
import { ResponseReader } from './response-reader.ts'
import type { Session } from './sessions.ts'
import type { Target } from './target.ts'
import { openSocket, readyEvent } from './target.ts'

/** After the answer has ended, how long its HTTP body may take to end too before the connection is given up. */
const lingerMs = 100

/** What the connections of a thread share. */
export interface ConnectionContext {
  readonly target: Target
  readonly clock: ReadableClock
  /** Reads go here, one after another, whichever connection they are of. */
  readonly buffer: Buffer
  /** A request was answered or has failed: read its {@link Connection.exchange}, then send the next. */
  settled(connection: Connection): void
}

/** A connection for one request at a time; it opens another socket when the server closed the last. */
export class Connection {
  readonly exchange: Exchange
  /** The request's row in the records, and what it was asked. Set by {@link send}. */
  row = -1
  leastTokens = 0
  /** Of the request; null where requests have none. */
  session: Session | null = null
  deadline = Number.POSITIVE_INFINITY
  busy = false
  /** The request went out a second time, on a new connection: see {@link Connection.#sendAgain}. */
  resent = false

  readonly #context: ConnectionContext
  readonly #reader: ResponseReader
  #socket: Socket | null = null
  #open = false
  /** Waits for the connection to stand. */
  #request: Buffer | null = null
  /** What went out last, for as long as it may have to go out again. */
  #sent: Buffer | null = null
  /** The connection has brought an answer before: its peer may close it for idleness at any moment. */
  #reused = false
  /** A byte has come back since the request went out. */
  #heard = false
  /** The answer has ended, its HTTP body hasn't: until when to wait for that. */
  #lingersUntil = Number.POSITIVE_INFINITY

  constructor(context: ConnectionContext, exchange: Exchange) {
    this.#context = context
    this.exchange = exchange
    this.#reader = new ResponseReader(exchange)
  }

  /**
   * Opens the connection ahead of time. Resolves also when that failed or took longer than `timeoutMs`: the request
   * will meet the failure again, and count it.
   */
  connect(timeoutMs: number): Promise<void> {
    if (this.#socket !== null) return Promise.resolve()
    const socket = this.#connect()
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        if (socket === this.#socket && !this.#open) this.#drop()
      }, timeoutMs)
      const end = () => {
        clearTimeout(timer)
        resolve()
      }
      socket.once(readyEvent(this.#context.target), end)
      socket.once('close', end)
    })
  }

  /** Sends a request; {@link ConnectionContext.settled} is called once, however it ends. */
  send(request: Buffer, row: number, leastTokens: number, deadline: number): void {
    this.busy = true
    this.row = row
    this.leastTokens = leastTokens
    this.deadline = deadline
    this.exchange.next()
    this.exchange.sentAt = performance.now()
    this.#reader.next()
    this.resent = false
    this.#heard = false
    this.#request = request
    if (this.#socket === null) this.#connect()
    else if (this.#open) this.#write(this.#socket, request)
  }

  /** Called now and then: ends what has taken too long. */
  expire(now: number): void {
    if (!this.busy) return
    if (now > this.#lingersUntil) this.#finish(true)
    else if (now > this.deadline) this.abandon('timeout', 'no complete answer within the deadline')
  }

  /** Gives the request up. */
  abandon(kind: 'timeout' | 'cancelled', message: string): void {
    if (!this.busy) return
    const { chunks } = this.exchange
    this.exchange.at = performance.now()
    this.exchange.fail({ kind, message: `${message}; ${chunks} chunks had arrived` })
    this.#drop()
    this.#settle()
  }

  close(): void {
    this.busy = false
    this.#drop()
  }

  #connect(): Socket {
    const { target, buffer } = this.#context
    const socket = openSocket(target, buffer, length => this.#read(socket, length))
    this.#socket = socket
    this.#open = false
    this.#reused = false
    socket.once(readyEvent(target), () => {
      if (socket !== this.#socket) return
      this.#open = true
      if (this.#request !== null) this.#write(socket, this.#request)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => this.#broken(socket, error))
    socket.on('end', () => this.#broken(socket, null))
    socket.on('close', () => this.#broken(socket, null))
    return socket
  }

  #write(socket: Socket, request: Buffer): void {
    this.#request = null
    this.#sent = request
    // A request that goes out again keeps its first time: what the closed connection cost is its latency too.
    if (!this.resent) this.exchange.sentAt = performance.now()
    socket.write(request)
  }

  #read(socket: Socket, length: number): void {
    if (socket !== this.#socket) return
    const exchange = this.exchange
    const at = this.#context.clock.stamp()
    exchange.at = Math.max(at, exchange.sentAt)
    exchange.readWaitMs = this.#context.clock.waitedMs
    if (!this.busy) {
      // Bytes that nobody asked for: the connection is of no use any more.
      this.#drop()
      return
    }
    this.#heard = true
    try {
      this.#reader.push(this.#context.buffer, 0, length)
    } catch (error) {
      if (!(error instanceof MalformedResponse || error instanceof EventTooLong)) throw error
      exchange.fail({ kind: 'bad-response', message: error.message })
    }
    if (this.#reader.done || exchange.failure !== null) this.#finish(true)
    else if (exchange.ended && this.#lingersUntil === Number.POSITIVE_INFINITY) {
      this.#lingersUntil = performance.now() + lingerMs
    }
  }

  #finish(complete: boolean): void {
    if (this.#reader.reusable) {
      this.#lingersUntil = Number.POSITIVE_INFINITY
      this.#reused = true
    } else this.#drop()
    this.exchange.close(complete, this.leastTokens)
    this.#settle()
  }

  /** The connection has ended, by an error or by the peer. */
  #broken(socket: Socket, error: NodeJS.ErrnoException | null): void {
    if (socket !== this.#socket) return
    const connected = this.#open
    const mayBeIdle = this.#reused && !this.#heard && isClosing(error)
    this.#drop()
    if (!this.busy) return
    if (mayBeIdle && this.#sendAgain()) return
    const { exchange } = this
    exchange.at = Math.max(exchange.sentAt, this.#context.clock.stamp())
    if (error !== null) exchange.fail(socketFailure(error, connected, this.#context.target.label))
    else if (!connected)
      exchange.fail(socketFailure(new Error('closed while connecting'), false, this.#context.target.label))
    exchange.close(this.#reader.close(), this.leastTokens)
    this.#settle()
  }

  /**
   * Sends the request once more, on a new connection: its peer closed the one that had been idle while the request was
   * on its way (RFC 9112, 9.3.1). Never where a byte of an answer came, never for a connection's first request, never
   * twice.
   */
  #sendAgain(): boolean {
    const request = this.#sent ?? this.#request
    if (request === null || this.resent) return false
    this.resent = true
    this.#request = request
    this.#connect()
    return true
  }

  #settle(): void {
    this.busy = false
    this.#request = null
    this.#sent = null
    if (Number.isNaN(this.exchange.endAt)) this.exchange.endAt = performance.now()
    this.#context.settled(this)
  }

  #drop(): void {
    this.#lingersUntil = Number.POSITIVE_INFINITY
    const socket = this.#socket
    this.#socket = null
    this.#open = false
    socket?.destroy()
  }
}

/** How a peer's close shows, by whether bytes of ours were under way. */
function isClosing(error: NodeJS.ErrnoException | null): boolean {
  return error === null || error.code === 'ECONNRESET' || error.code === 'EPIPE' || error.code === 'ECONNABORTED'
}
