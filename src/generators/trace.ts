import { defined } from '../model/index.ts'
import { requestColumns } from './columns.ts'
import { readCsvRows } from './csv-rows.ts'
import { lineError } from './json-lines.ts'
import { dateMsOf, isTokens, type Row, type Rows, tokensPerBlock, traceLines } from './trace-lines.ts'
import { linkRequests, type TraceSessions } from './trace-sessions.ts'
import { doubtOf, inferredUnit, type TraceTime, type TraceUnit, unitMs } from './trace-time.ts'

/** Recorded requests as columns, ascending in time. */
export interface Trace {
  readonly file: string
  readonly count: number
  /** Since the first request. */
  readonly atMs: Float64Array
  readonly inputTokens: Uint32Array
  readonly outputTokens: Uint32Array
  /** Ids of the blocks of each prompt; requests with the same id share the block. Null if the trace has none. */
  readonly hashIds: readonly (readonly number[])[] | null
  /** Tokens per block; default: {@link tokensPerBlock}. */
  readonly blockTokens?: number
  /** Line of each request in the file; absent if they were not read from one. */
  readonly lines?: Uint32Array
  /** Dependencies on answers; absent if no request waits for another. */
  readonly sessions?: TraceSessions
  /** Requests in the file, if only some of them are here. */
  readonly outOf?: number
  /** How its times were interpreted. */
  readonly time: TraceTime
  /** Number of skipped requests without an answer. */
  readonly unanswered: number
}

/**
 * Reads a trace: JSON Lines in the formats of {@link traceLines}, or CSV with the column names of Mooncake
 * (`timestamp`, `input_length`, `output_length`, and `session_id` for sessions), the Azure LLM traces (`TIMESTAMP` as a
 * date, `ContextTokens`, `GeneratedTokens`), BurstGPT (`Timestamp` in seconds, `Request tokens`, `Response tokens`;
 * skips failed rows without response tokens) or Vidur (`arrived_at` in seconds, `num_prefill_tokens`,
 * `num_decode_tokens`). Memory: 20 bytes per request, plus its hash ids.
 *
 * @param unit unit of times that are plain numbers; `inferred` chooses the most likely. Default: the unit implied by
 *   the columns, else ms
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
    ...defined({ sessions }),
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

/** Order that sorts the times, keeping equal ones in place; null if they are already sorted. */
function ascending(at: Float64Array): Uint32Array | null {
  if (at.every((value, i) => i === 0 || value >= (at[i - 1] ?? 0))) return null
  const order = Uint32Array.from(at, (_, i) => i)
  return order.sort((a, b) => (at[a] ?? 0) - (at[b] ?? 0) || a - b)
}

/** Send times in ms of a trace replayed `speed` times as fast. */
export function traceTimesMs(trace: Trace, speed: number): Float64Array {
  return trace.atMs.map(at => at / speed)
}

/** Column names in lower case: Mooncake's, then those of the Azure LLM traces, BurstGPT and Vidur. */
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
        const problem = `${JSON.stringify(cell(column))} is not a number of tokens`
        throw lineError(file, line, columnOf(column), problem, 'write a whole number from 1')
      }
      const isDate = !/^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(cell(atColumn))
      const at = isDate ? dateMsOf(cell(atColumn)) : Number(cell(atColumn))
      if (!Number.isFinite(at)) {
        const problem = `${JSON.stringify(cell(atColumn))} is not a time`
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
