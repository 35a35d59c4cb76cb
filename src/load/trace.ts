import { lineError, readJsonLines, readLines } from './json-lines.ts'

/** Recorded requests, in columns, ascending in time. */
export interface Trace {
  readonly file: string
  readonly count: number
  /** Since the first request. */
  readonly atMs: Float64Array
  readonly inputTokens: Uint32Array
  readonly outputTokens: Uint32Array
  /** Ids of the blocks of 512 tokens that a prompt is made of; requests with the same id share the block. Null where the trace has none. */
  readonly hashIds: readonly (readonly number[])[] | null
}

/** Tokens of a block that a hash id stands for (Mooncake's FAST'25 traces). */
export const tokensPerBlock = 512

interface Row {
  readonly line: number
  readonly atMs: number
  readonly input: number
  readonly output: number
  readonly hashIds: readonly number[] | null
}

/**
 * Reads a trace: Mooncake's JSON lines (`timestamp` in ms, `input_length`, `output_length`, `hash_ids`), or CSV with a header
 * of the same names or of the Azure LLM traces (`TIMESTAMP` as a date, `ContextTokens`, `GeneratedTokens`).
 *
 * @throws FulcrumError bad-input `data-file-unreadable`, `data-line-invalid` with file:line:column
 */
export async function readTrace(file: string, signal: AbortSignal): Promise<Trace> {
  const rows: Row[] = []
  const lines = /\.csv$/i.test(file) ? readCsv(file, signal) : readMooncake(file, signal)
  for await (const row of lines) rows.push(row)
  if (rows.length === 0) throw lineError(file, 1, 1, 'the trace is empty', 'write one request a line')
  rows.sort((a, b) => a.atMs - b.atMs)
  const start = rows[0]?.atMs ?? 0
  return {
    file,
    count: rows.length,
    atMs: Float64Array.from(rows, row => row.atMs - start),
    inputTokens: Uint32Array.from(rows, row => row.input),
    outputTokens: Uint32Array.from(rows, row => row.output),
    hashIds: rows.every(row => row.hashIds === null) ? null : rows.map(row => row.hashIds ?? []),
  }
}

/** Send times in ms of a trace replayed `speed` times as fast. */
export function traceTimesMs(trace: Trace, speed: number): Float64Array {
  return trace.atMs.map(at => at / speed)
}

async function* readMooncake(file: string, signal: AbortSignal): AsyncGenerator<Row> {
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
      if (typeof found === 'number' && found >= least && (key === 'timestamp' || Number.isInteger(found))) return found
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
    yield { line, atMs: number('timestamp', 0), input, output: number('output_length', 1), hashIds }
  }
}

function wanted(key: string, least: number): string {
  return key === 'timestamp' ? 'write a time in ms from 0' : `write a whole number of tokens from ${least}`
}

function isIds(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(id => Number.isInteger(id) && id >= 0)
}

/** Names of a column, in lower case; Mooncake's first, then the Azure LLM traces'. */
const csvNames = {
  at: ['timestamp'],
  input: ['input_length', 'contexttokens'],
  output: ['output_length', 'generatedtokens'],
} as const

async function* readCsv(file: string, signal: AbortSignal): AsyncGenerator<Row> {
  let columns: Readonly<Record<keyof typeof csvNames, number>> | null = null
  let line = 0
  for await (const text of readLines(file, signal)) {
    line += 1
    if (text.trim() === '') continue
    const cells = text.split(',').map(cell => cell.trim().replace(/^"(.*)"$/, '$1'))
    if (columns === null) {
      columns = csvColumns(file, line, cells)
      continue
    }
    const cell = (column: number) => cells[column] ?? ''
    const columnAt = (column: number) => text.split(',', column).reduce((sum, before) => sum + before.length + 1, 1)
    const tokens = (column: number) => {
      const count = Number(cell(column))
      if (Number.isInteger(count) && count >= 1) return count
      const problem = `${JSON.stringify(cell(column))} is no number of tokens`
      throw lineError(file, line, columnAt(column), problem, 'write a whole number from 1')
    }
    const atMs = csvTimeMs(cell(columns.at))
    if (Number.isNaN(atMs)) {
      const problem = `${JSON.stringify(cell(columns.at))} is no time`
      throw lineError(file, line, columnAt(columns.at), problem, 'write ms from 0, or a date and time')
    }
    yield { line, atMs, input: tokens(columns.input), output: tokens(columns.output), hashIds: null }
  }
}

/** A number is ms; anything else is a date, UTC unless it says otherwise, its fraction of a second read beyond ms. */
function csvTimeMs(cell: string): number {
  if (cell === '') return Number.NaN
  if (/^\d+(\.\d+)?$/.test(cell)) return Number(cell)
  const [, day, time, fraction = '', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/.exec(cell) ?? []
  return Date.parse(`${day}T${time}${zone}`) + 1000 * Number(`0${fraction}`)
}

function csvColumns(
  file: string,
  line: number,
  cells: readonly string[],
): Readonly<Record<keyof typeof csvNames, number>> {
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
