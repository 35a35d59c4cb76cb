import { distributionOf } from '../../src/metrics/distribution.ts'
import type { Distribution } from '../../src/metrics/measurement.ts'

/** What the server saw of the requests since the last reset; times in ms. */
export interface Truth {
  readonly requests: number
  /** Request read → first token written. */
  readonly ttftMs: Distribution | null
  /** (Last − first token written) / (tokens − 1). */
  readonly itlMs: Distribution | null
  /** Request read → last token written. */
  readonly latencyMs: Distribution | null
  readonly chunks: number
  /** First request read → last token written. */
  readonly spanS: number
  /** When that began and ended, ms on the machine's monotonic clock, which all processes share. */
  readonly fromMs: number
  readonly untilMs: number
  readonly maxInFlight: number
  readonly cpuS: number
}

/** Columns of times, one row a request. */
export class TruthRecords {
  #read = new Float64Array(4096)
  #first = new Float64Array(4096)
  #last = new Float64Array(4096)
  #tokens = new Float64Array(4096)
  #count = 0
  #chunks = 0
  #inFlight = 0
  #maxInFlight = 0
  #cpu = process.cpuUsage()

  reset(): void {
    this.#count = 0
    this.#chunks = 0
    this.#inFlight = 0
    this.#maxInFlight = 0
    this.#cpu = process.cpuUsage()
  }

  begin(): void {
    this.#inFlight += 1
    if (this.#inFlight > this.#maxInFlight) this.#maxInFlight = this.#inFlight
  }

  /** The client went away. */
  drop(): void {
    this.#inFlight -= 1
  }

  end(readAt: number, firstAt: number, lastAt: number, tokens: number, chunks: number): void {
    this.#inFlight -= 1
    if (this.#count === this.#read.length) this.#grow()
    const row = this.#count++
    this.#read[row] = readAt
    this.#first[row] = firstAt
    this.#last[row] = lastAt
    this.#tokens[row] = tokens
    this.#chunks += chunks
  }

  /** @param mostRows only so many requests, the last to end: without those by which a client saw that the server answers */
  truth(mostRows = Number.POSITIVE_INFINITY): Truth {
    const rows = Math.min(this.#count, mostRows)
    const skipped = this.#count - rows
    const column = (value: (row: number) => number) =>
      distributionOf(Float64Array.from({ length: rows }, (_, row) => value(skipped + row)))
    const at = (times: Float64Array, row: number) => times[row] ?? Number.NaN
    const read = this.#read.subarray(skipped, this.#count)
    const last = this.#last.subarray(skipped, this.#count)
    const cpu = process.cpuUsage(this.#cpu)
    const from = read.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
    const until = last.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    const monotonicMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()
    return {
      requests: rows,
      ttftMs: column(row => at(this.#first, row) - at(this.#read, row)),
      itlMs: column(row => {
        const tokens = at(this.#tokens, row)
        return tokens > 1 ? (at(this.#last, row) - at(this.#first, row)) / (tokens - 1) : Number.NaN
      }),
      latencyMs: column(row => at(this.#last, row) - at(this.#read, row)),
      chunks: this.#chunks,
      spanS: rows === 0 ? 0 : (until - from) / 1000,
      fromMs: from + monotonicMs,
      untilMs: until + monotonicMs,
      maxInFlight: this.#maxInFlight,
      cpuS: (cpu.user + cpu.system) / 1e6,
    }
  }

  #grow(): void {
    const grow = (values: Float64Array) => {
      const grown = new Float64Array(values.length * 2)
      grown.set(values)
      return grown
    }
    this.#read = grow(this.#read)
    this.#first = grow(this.#first)
    this.#last = grow(this.#last)
    this.#tokens = grow(this.#tokens)
  }
}
