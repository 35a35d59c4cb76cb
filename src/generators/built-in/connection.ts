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

/** Time for the HTTP body to end after the end of the answer. The connection closes afterwards. */
const lingerMs = 100

/** State that the connections of a thread share. */
export interface ConnectionContext {
  readonly target: Target
  readonly clock: ReadableClock
  /** Read buffer of all connections, used by one at a time. */
  readonly buffer: Buffer
  /** Called when a request was answered or failed. The {@link Connection.exchange} is valid until the next send. */
  settled(connection: Connection): void
}

/** A connection for one request at a time. Opens a new socket if the server closed the last one. */
export class Connection {
  readonly exchange: Exchange
  /** Row of the request in the records, and its parameters. Set by {@link send}. */
  row = -1
  leastTokens = 0
  /** Session of the request; null without sessions. */
  session: Session | null = null
  deadline = Number.POSITIVE_INFINITY
  busy = false
  /** Whether the request was sent again on a new connection; see {@link Connection.#sendAgain}. */
  resent = false

  readonly #context: ConnectionContext
  readonly #reader: ResponseReader
  #socket: Socket | null = null
  #open = false
  /** A request that waits until the connection is open. */
  #request: Buffer | null = null
  /** The last request, while it may have to be sent again. */
  #sent: Buffer | null = null
  /** Whether the connection has delivered an answer before, so that the server may close it as idle at any moment. */
  #reused = false
  /** Whether a byte has arrived since the request was sent. */
  #heard = false
  /** Deadline for the end of the HTTP body after the end of the answer. */
  #lingersUntil = Number.POSITIVE_INFINITY

  constructor(context: ConnectionContext, exchange: Exchange) {
    this.#context = context
    this.exchange = exchange
    this.#reader = new ResponseReader(exchange)
  }

  /**
   * Opens the connection ahead of time. Resolves even if that fails or takes longer than `timeoutMs`, because the
   * request then meets and counts the same failure.
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

  /** Sends a request. Calls {@link ConnectionContext.settled} once, whatever the result. */
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

  /** Called periodically; ends requests past their deadline. */
  expire(now: number): void {
    if (!this.busy) return
    if (now > this.#lingersUntil) this.#finish(true)
    else if (now > this.deadline) this.abandon('timeout', 'no complete answer within the deadline')
  }

  /** Abandons the request. */
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
    // A request that is sent again keeps its first send time, because the closed connection is part of its latency.
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
      // Unexpected bytes: the connection can't be used any more.
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

  /** The connection ended with an error or was closed by the server. */
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
   * Sends the request once more on a new connection, because the server closed the idle one while the request was in
   * transit (RFC 9112, 9.3.1). Never after a byte of an answer, never for the first request of a connection, and never
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

/** Error codes of a close by the server, with or without unacknowledged data. */
function isClosing(error: NodeJS.ErrnoException | null): boolean {
  return error === null || error.code === 'ECONNRESET' || error.code === 'EPIPE' || error.code === 'ECONNABORTED'
}
