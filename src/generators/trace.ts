import { requestColumns } from './columns.ts'
import { readCsvRows } from './csv-rows.ts'
import { lineError } from './json-lines.ts'
import { dateMsOf, isTokens, type Row, type Rows, tokensPerBlock, traceLines } from './trace-lines.ts'
import { linkRequests, type TraceSessions } from './trace-sessions.ts'
import { doubtOf, inferredUnit, type TraceTime, type TraceUnit, unitMs } from './trace-time.ts'

/** Recorded requests, in columns, ascending in time. */
export interface Trace {
  readonly file: string
  readonly count: number
  /** Since the first request. */
  readonly atMs: Float64Array
  readonly inputTokens: Uint32Array
  readonly outputTokens: Uint32Array
  /**
   * Ids of the blocks that a prompt is made of; requests with the same id share the block. Null where the trace has
   * none.
   */
  readonly hashIds: readonly (readonly number[])[] | null
  /** Tokens of a block; {@link tokensPerBlock} when absent. */
  readonly blockTokens?: number
  /** The line of the file that each request is from; absent where nobody read them from one. */
  readonly lines?: Uint32Array
  /** Which requests wait for which answers; absent where no request waits for another. */
  readonly sessions?: TraceSessions
  /** Requests of the file, where only some of them are here. */
  readonly outOf?: number
  /** How its times were read. */
  readonly time: TraceTime
  /** Requests without an answer that were passed over. */
  readonly unanswered: number
}

/**
 * Reads a trace: JSON lines as {@link traceLines} knows them, or CSV with a header of Mooncake's names (`timestamp`,
 * `input_length`, `output_length`, and `session_id` for sessions), of the Azure LLM traces (`TIMESTAMP` as a date,
 * `ContextTokens`, `GeneratedTokens`), of BurstGPT (`Timestamp` in seconds, `Request tokens`, `Response tokens`; rows
 * without response tokens failed and are passed over) or of Vidur (`arrived_at` in seconds, `num_prefill_tokens`,
 * `num_decode_tokens`). Dates say their own unit. Memory takes 20 bytes a request, and its hash ids.
 *
 * @param unit of times that are plain numbers; `inferred` takes the likeliest. Absent: the unit that the columns stand
 *   for, else ms
 * @throws FulcrumError bad-input `data-file-unreadable`, `data-line-invalid` with file:line:column
 */
export async function readTrace(file: string, signal: AbortSignal, unit?: TraceUnit | 'inferred'): Promise<Trace> {
  const found = /\.csv$/i.test(file) ? readCsv(file, signal) : traceLines(file, signal)
  const columns = requestColumns()
  const hashIds: (readonly number[])[] = []
  const links = linkRequests()
  let hashed = false
  let dates: boolean | null = null
  for await (const row of found.rows) {
    dates ??= row.isDate
    if (dates !== row.isDate)
      throw lineError(file, row.line, 1, 'some times are dates and others numbers', 'write all of them alike')
    columns.add(row.at, row.input, row.output, row.line)
    links.add(row.link)
    if (row.hashIds !== null && !hashed) {
      hashed = true
      while (hashIds.length < columns.count - 1) hashIds.push([])
    }
    if (hashed) hashIds.push(row.hashIds ?? [])
  }
  if (columns.count === 0) {
    if (found.unanswered() > 0)
      throw lineError(file, 1, 1, 'no request of the trace has an answer', 'write requests with output tokens')
    throw lineError(file, 1, 1, 'the trace is empty', 'write one request per line')
  }
  const { at, input, output, line } = columns.done()
  const order = ascending(at)
  const ordered = order === null ? at : at.map((_, i) => at[order[i] ?? i] ?? 0)
  const time: TraceTime = dates ? { unit: 'date', guessed: null } : timeOf(ordered, unit, found.unit())
  const [start, factor] = [ordered[0] ?? 0, time.unit === 'date' ? 1 : unitMs[time.unit]]
  const sessions = links.done(order, factor)
  const blockTokens = found.blockTokens()
  const inOrder = (values: Uint32Array) => (order === null ? values : values.map((_, i) => values[order[i] ?? i] ?? 0))
  return {
    file,
    count: columns.count,
    atMs: ordered.map(value => (value - start) * factor),
    inputTokens: inOrder(input),
    outputTokens: inOrder(output),
    lines: inOrder(line),
    hashIds: !hashed ? null : order === null ? hashIds : Array.from(order, i => hashIds[i] ?? []),
    time,
    unanswered: found.unanswered(),
    ...(blockTokens === tokensPerBlock ? {} : { blockTokens }),
    ...(sessions === undefined ? {} : { sessions }),
  }
}

function timeOf(
  at: Float64Array,
  asked: TraceUnit | 'inferred' | undefined,
  named: ReturnType<Rows['unit']>,
): TraceTime {
  const numbers = {
    count: at.length,
    first: at[0] ?? 0,
    last: at.at(-1) ?? 0,
    fractions: at.some(value => !Number.isInteger(value)),
  }
  if (asked !== undefined && asked !== 'inferred') {
    const doubt = doubtOf(asked, numbers)
    return { unit: asked, guessed: null, ...(doubt === null ? {} : { doubt }) }
  }
  if (named !== null) return { unit: named.unit, guessed: named.why }
  if (asked === undefined) return { unit: 'ms', guessed: null }
  const { unit, why } = inferredUnit(numbers)
  return { unit, guessed: why }
}

/** The order of rising times, equal ones as they stand; null when they rise already. */
function ascending(at: Float64Array): Uint32Array | null {
  if (at.every((value, i) => i === 0 || value >= (at[i - 1] ?? 0))) return null
  const order = Uint32Array.from(at, (_, i) => i)
  return order.sort((a, b) => (at[a] ?? 0) - (at[b] ?? 0) || a - b)
}

/** Send times in ms of a trace replayed `speed` times as fast. */
export function traceTimesMs(trace: Trace, speed: number): Float64Array {
  return trace.atMs.map(at => at / speed)
}

/** Names of a column, in lower case: Mooncake's, then those of the Azure LLM traces, BurstGPT and Vidur. */
const csvNames = {
  at: ['timestamp', 'arrived_at'],
  input: ['input_length', 'contexttokens', 'request tokens', 'num_prefill_tokens'],
  output: ['output_length', 'generatedtokens', 'response tokens', 'num_decode_tokens'],
} as const

type Columns = Readonly<Record<keyof typeof csvNames, number>>

function readCsv(file: string, signal: AbortSignal): Rows {
  let unit: ReturnType<Rows['unit']> = null
  let unanswered = 0
  async function* rows(): AsyncGenerator<Row> {
    let columns: Columns | null = null
    let isBurst = false
    let sessionColumn = -1
    for await (const { line, cells, columnOf } of readCsvRows(file, signal)) {
      if (columns === null) {
        columns = csvColumns(file, line, cells)
        const names = cells.map(name => name.toLowerCase())
        sessionColumn = names.findIndex(name => name === 'session_id' || name === 'session id')
        isBurst = names[columns.output] === 'response tokens'
        if (isBurst) unit = { unit: 's', why: 'BurstGPT’s traces have them so' }
        else if (names[columns.at] === 'arrived_at') unit = { unit: 's', why: 'Vidur’s traces have them so' }
        continue
      }
      const { at: atColumn, input: inputColumn, output: outputColumn } = columns
      const cell = (column: number) => cells[column] ?? ''
      const tokens = (column: number) => {
        const count = cell(column) === '' ? Number.NaN : Number(cell(column))
        if (count >= 1 && isTokens(count)) return count
        const problem = `${JSON.stringify(cell(column))} is no number of tokens`
        throw lineError(file, line, columnOf(column), problem, 'write a whole number from 1')
      }
      const isDate = !/^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(cell(atColumn))
      const at = isDate ? dateMsOf(cell(atColumn)) : Number(cell(atColumn))
      if (!Number.isFinite(at)) {
        const problem = `${JSON.stringify(cell(atColumn))} is no time`
        throw lineError(file, line, columnOf(atColumn), problem, 'write a number from 0, or a date and time')
      }
      if (isBurst && Number(cell(outputColumn)) === 0) {
        unanswered += 1
        continue
      }
      const session = sessionColumn < 0 ? '' : cell(sessionColumn)
      const link = session === '' ? null : { session, id: null, after: null, delay: null }
      yield { line, at, isDate, input: tokens(inputColumn), output: tokens(outputColumn), hashIds: null, link }
    }
  }
  return { rows: rows(), unit: () => unit, unanswered: () => unanswered, blockTokens: () => tokensPerBlock }
}

function csvColumns(file: string, line: number, cells: readonly string[]): Columns {
  const names = cells.map(cell => cell.toLowerCase())
  const find = (key: keyof typeof csvNames) => {
    const found = names.findIndex(name => (csvNames[key] as readonly string[]).includes(name))
    if (found >= 0) return found
    throw lineError(
      file,
      line,
      1,
      `the header has no ${csvNames[key][0]}`,
      `write timestamp,input_length,output_length`,
    )
  }
  return { at: find('at'), input: find('input'), output: find('output') }
}
