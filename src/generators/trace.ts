import { requestColumns } from './columns.ts'
import { readCsvRows } from './csv-rows.ts'
import { lineError, readJsonLines } from './json-lines.ts'
import { inferredUnit, type TraceTime, type TraceUnit, unitMs } from './trace-time.ts'

/** Recorded requests, in columns, ascending in time. */
export interface Trace {
  readonly file: string
  readonly count: number
  /** Since the first request. */
  readonly atMs: Float64Array
  readonly inputTokens: Uint32Array
  readonly outputTokens: Uint32Array
  /**
   * Ids of the blocks of 512 tokens that a prompt is made of; requests with the same id share the block. Null where the
   * trace has none.
   */
  readonly hashIds: readonly (readonly number[])[] | null
  /** How its times were read. */
  readonly time: TraceTime
  /** Requests without an answer that were passed over. */
  readonly unanswered: number
}

/** Tokens of a block that a hash id stands for (Mooncake's FAST'25 traces). */
export const tokensPerBlock = 512

/** A request as its line has it. */
interface Row {
  /** A number in the trace's unit, or ms of a date. */
  readonly at: number
  readonly isDate: boolean
  readonly input: number
  readonly output: number
  readonly hashIds: readonly number[] | null
  readonly line: number
}

/** Rows of a trace, and what its columns say of them. */
interface Rows {
  readonly rows: AsyncIterable<Row>
  /**
   * Known once the first row was read: the unit that the names of the columns stand for; null when they say nothing.
   */
  unit(): { readonly unit: TraceUnit; readonly why: string } | null
  /** Rows without an answer that were passed over. */
  unanswered(): number
}

/**
 * Reads a trace: Mooncake's JSON lines (`timestamp`, `input_length`, `output_length`, `hash_ids`), or CSV with a header
 * of the same names, of the Azure LLM traces (`TIMESTAMP` as a date, `ContextTokens`, `GeneratedTokens`), of BurstGPT
 * (`Timestamp` in seconds, `Request tokens`, `Response tokens`; rows without response tokens failed and are passed
 * over) or of Vidur (`arrived_at` in seconds, `num_prefill_tokens`, `num_decode_tokens`). Dates say their own unit.
 * Memory takes 16 bytes a request, and its hash ids.
 *
 * @param unit of times that are plain numbers; `inferred` takes the likeliest. Absent: the unit that the columns stand
 *   for, else ms
 * @throws FulcrumError bad-input `data-file-unreadable`, `data-line-invalid` with file:line:column
 */
export async function readTrace(file: string, signal: AbortSignal, unit?: TraceUnit | 'inferred'): Promise<Trace> {
  const found = /\.csv$/i.test(file) ? readCsv(file, signal) : readMooncake(file, signal)
  const columns = requestColumns()
  const hashIds: (readonly number[])[] = []
  let hashed = false
  let dates: boolean | null = null
  for await (const row of found.rows) {
    dates ??= row.isDate
    if (dates !== row.isDate)
      throw lineError(file, row.line, 1, 'some times are dates and others numbers', 'write all of them alike')
    columns.add(row.at, row.input, row.output)
    if (row.hashIds !== null && !hashed) {
      hashed = true
      while (hashIds.length < columns.count - 1) hashIds.push([])
    }
    if (hashed) hashIds.push(row.hashIds ?? [])
  }
  if (columns.count === 0) {
    if (found.unanswered() > 0)
      throw lineError(file, 1, 1, 'no request of the trace has an answer', 'write requests with output tokens')
    throw lineError(file, 1, 1, 'the trace is empty', 'write one request a line')
  }
  const { at, input, output } = columns.done()
  const order = ascending(at)
  const ordered = order === null ? at : at.map((_, i) => at[order[i] ?? i] ?? 0)
  const time: TraceTime = dates ? { unit: 'date', guessed: null } : timeOf(ordered, unit, found.unit())
  const [start, factor] = [ordered[0] ?? 0, time.unit === 'date' ? 1 : unitMs[time.unit]]
  const inOrder = (values: Uint32Array) => (order === null ? values : values.map((_, i) => values[order[i] ?? i] ?? 0))
  return {
    file,
    count: columns.count,
    atMs: ordered.map(value => (value - start) * factor),
    inputTokens: inOrder(input),
    outputTokens: inOrder(output),
    hashIds: !hashed ? null : order === null ? hashIds : Array.from(order, i => hashIds[i] ?? []),
    time,
    unanswered: found.unanswered(),
  }
}

function timeOf(
  at: Float64Array,
  asked: TraceUnit | 'inferred' | undefined,
  named: ReturnType<Rows['unit']>,
): TraceTime {
  if (asked !== undefined && asked !== 'inferred') return { unit: asked, guessed: null }
  if (named !== null) return { unit: named.unit, guessed: named.why }
  if (asked === undefined) return { unit: 'ms', guessed: null }
  const { unit, why } = inferredUnit({
    count: at.length,
    first: at[0] ?? 0,
    last: at.at(-1) ?? 0,
    fractions: at.some(value => !Number.isInteger(value)),
  })
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

function readMooncake(file: string, signal: AbortSignal): Rows {
  return { rows: mooncakeRows(file, signal), unit: () => null, unanswered: () => 0 }
}

async function* mooncakeRows(file: string, signal: AbortSignal): AsyncGenerator<Row> {
  for await (const { value, line, text } of readJsonLines(file, signal)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw lineError(
        file,
        line,
        1,
        'a request is a JSON object',
        'write {"timestamp": …, "input_length": …, "output_length": …}',
      )
    }
    const fields = value as Readonly<Record<string, unknown>>
    const columnOf = (key: string) => text.indexOf(`"${key}"`) + 1 || 1
    const number = (key: string, least: number) => {
      const found = fields[key]
      if (typeof found === 'number' && found >= least && (key === 'timestamp' || isTokens(found))) return found
      const problem = found === undefined ? `${key} is missing` : `${key} is ${JSON.stringify(found)}`
      throw lineError(file, line, columnOf(key), problem, wanted(key, least))
    }
    const input = number('input_length', 1)
    const hashIds = fields.hash_ids ?? null
    if (hashIds !== null && !isIds(hashIds)) {
      throw lineError(
        file,
        line,
        columnOf('hash_ids'),
        'hash_ids is no list of numbers',
        'write whole numbers from 0, or leave it out',
      )
    }
    if (hashIds !== null && hashIds.length !== Math.ceil(input / tokensPerBlock)) {
      const blocks = Math.ceil(input / tokensPerBlock)
      const problem = `${hashIds.length} hash_ids for ${input} tokens`
      throw lineError(
        file,
        line,
        columnOf('hash_ids'),
        problem,
        `write ${blocks}, one for each block of ${tokensPerBlock} tokens begun`,
      )
    }
    const dateMs = typeof fields.timestamp === 'string' ? dateMsOf(fields.timestamp) : Number.NaN
    const isDate = !Number.isNaN(dateMs)
    const at = isDate ? dateMs : number('timestamp', 0)
    yield { line, at, isDate, input, output: number('output_length', 1), hashIds }
  }
}

function wanted(key: string, least: number): string {
  return key === 'timestamp'
    ? 'write a number from 0, or a date and time'
    : `write a whole number of tokens from ${least}`
}

function isIds(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(id => Number.isInteger(id) && id >= 0)
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
    for await (const { line, cells, columnOf } of readCsvRows(file, signal)) {
      if (columns === null) {
        columns = csvColumns(file, line, cells)
        const names = cells.map(name => name.toLowerCase())
        isBurst = names[columns.output] === 'response tokens'
        if (isBurst) unit = { unit: 's', why: 'BurstGPT’s traces have them so' }
        else if (names[columns.at] === 'arrived_at') unit = { unit: 's', why: 'Vidur’s traces have them so' }
        continue
      }
      const { at: atColumn, input: inputColumn, output: outputColumn } = columns
      const cell = (column: number) => cells[column] ?? ''
      const tokens = (column: number) => {
        const count = cell(column) === '' ? Number.NaN : Number(cell(column))
        if (isTokens(count)) return count
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
      yield { line, at, isDate, input: tokens(inputColumn), output: tokens(outputColumn), hashIds: null }
    }
  }
  return { rows: rows(), unit: () => unit, unanswered: () => unanswered }
}

/** What a column of 32 bits holds. */
const isTokens = (count: number) => Number.isInteger(count) && count >= 1 && count < 2 ** 32

/** Ms of a date, UTC unless it says otherwise, its fraction of a second read beyond ms; NaN for what is none. */
function dateMsOf(text: string): number {
  const [, day, time, fraction = '', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/i.exec(text) ?? []
  return Date.parse(`${day}T${time}${zone}`) + 1000 * Number(`0${fraction}`)
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
