import { counted, isRecord } from '../model/index.ts'
import { lineError, readJsonLines } from './json-lines.ts'
import type { Link } from './trace-sessions.ts'
import type { TraceUnit } from './trace-time.ts'

/** A request as its line describes it. */
export interface Row {
  /** A number in the trace's unit, or ms of a date. */
  readonly at: number
  readonly isDate: boolean
  readonly input: number
  readonly output: number
  readonly hashIds: readonly number[] | null
  readonly line: number
  /** Requests that it waits for; null for an independent request. */
  readonly link: Link | null
}

/** Rows of a trace, and information from its columns. */
export interface Rows {
  readonly rows: AsyncIterable<Row>
  /** Known once the first row was read: the unit implied by the names of the columns; null if they imply none. */
  unit(): { readonly unit: TraceUnit; readonly why: string } | null
  /** Number of skipped rows without an answer. */
  unanswered(): number
  /** Tokens per hash id. */
  blockTokens(): number
}

/** Tokens per block of a hash id (Mooncake's FAST'25 traces). */
export const tokensPerBlock = 512
/** Tokens per block in the traces of Alibaba's Qwen service. */
const qwenBlockTokens = 16

type Fields = Readonly<Record<string, unknown>>

/** One line being read: its fields, with errors at their position. */
interface Line {
  readonly fields: Fields
  readonly line: number
  fail(key: string, problem: string, remedy: string): Error
  /** @throws FulcrumError `data-line-invalid` if the field is not a valid number */
  number(fields: Fields, key: string, least: number): number
}

/**
 * Requests of a JSON Lines file: Mooncake's format (with AIPerf's `session_id` and `delay`), Alibaba's Qwen traces
 * (`chat_id`, `parent_chat_id`), requests of agents (`request_id`, `parent_id`), or one session per line with its
 * `requests` and sub-agents (Weka's kv-cache-tester).
 *
 * @throws FulcrumError bad-input `data-file-unreadable`, `data-line-invalid` with file:line:column
 */
export function traceLines(file: string, signal: AbortSignal): Rows {
  let unit: ReturnType<Rows['unit']> = null
  let blockTokens = tokensPerBlock
  async function* rows(): AsyncGenerator<Row> {
    /** Time of each session's last request, for requests that only state their delay after it. */
    const lastAt = new Map<string, number>()
    let sessions = 0
    for await (const { value, line, text } of readJsonLines(file, signal)) {
      const one = lineOf(file, value, line, text)
      if (Array.isArray(one.fields.requests)) {
        unit ??= { unit: 's', why: 'kv-cache-tester’s traces have them so' }
        const { block_size: size } = one.fields
        blockTokens = typeof size === 'number' && size >= 1 ? size : 64
        yield* sessionRows(one, one.fields.requests, sessions++, blockTokens)
        continue
      }
      if (one.fields.chat_id !== undefined) {
        unit ??= { unit: 's', why: 'the Qwen traces have them so' }
        blockTokens = qwenBlockTokens
      }
      yield rowOf(one, blockTokens, lastAt)
    }
  }
  return { rows: rows(), unit: () => unit, unanswered: () => 0, blockTokens: () => blockTokens }
}

function lineOf(file: string, value: unknown, line: number, text: string): Line {
  const example = 'write {"timestamp": …, "input_length": …, "output_length": …}'
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw lineError(file, line, 1, 'a request is a JSON object', example)
  const fail = (key: string, problem: string, remedy: string) =>
    lineError(file, line, text.indexOf(`"${key}"`) + 1 || 1, problem, remedy)
  return {
    fields: value as Fields,
    line,
    fail,
    number(fields, key, least) {
      const found = fields[key]
      const isTime = key === 'timestamp' || key === 'delay' || key === 't'
      if (typeof found === 'number' && found >= least && (isTime || isTokens(found))) return found
      const problem = found === undefined ? `${key} is missing` : `${key} is ${JSON.stringify(found)}`
      throw fail(key, problem, isTime ? 'write a number from 0, or a date and time' : wanted(least))
    },
  }
}

const wanted = (least: number) => `write a whole number of tokens from ${least}`

function rowOf(line: Line, blockTokens: number, lastAt: Map<string, number>): Row {
  const { fields } = line
  const input = line.number(fields, 'input_length', 1)
  const hashIds = idsOf(line, fields, input, blockTokens, false)
  const link = linkOf(line, fields)
  const dateMs = typeof fields.timestamp === 'string' ? dateMsOf(fields.timestamp) : Number.NaN
  const isDate = !Number.isNaN(dateMs)
  const before = link?.session == null ? undefined : lastAt.get(link.session)
  const isRelative = fields.timestamp === undefined && link !== null && link.delay !== null
  const at = isDate ? dateMs : isRelative ? (before ?? 0) + (link.delay ?? 0) : startOf(line, fields, link)
  if (link?.session != null) lastAt.set(link.session, at)
  return { line: line.line, at, isDate, input, output: line.number(fields, 'output_length', 1), hashIds, link }
}

/** The first request of a session without a time begins immediately. */
function startOf(line: Line, fields: Fields, link: Link | null): number {
  if (fields.timestamp === undefined && typeof fields.session_id === 'string' && link !== null) return 0
  return line.number(fields, 'timestamp', 0)
}

function linkOf(line: Line, fields: Fields): Link | null {
  const name = (key: string) => {
    const value = fields[key]
    if (value === undefined || value === null) return null
    if (typeof value === 'string' || typeof value === 'number') return String(value)
    throw line.fail(key, `${key} is ${JSON.stringify(value)}`, 'write a text or a number')
  }
  const delay = fields.delay === undefined || fields.delay === null ? null : line.number(fields, 'delay', 0)
  if (fields.chat_id !== undefined) {
    const parent = name('parent_chat_id')
    const after = parent === null || parent.startsWith('-') ? [] : [parent]
    return { session: null, id: name('chat_id'), after, delay }
  }
  const session = name('session_id')
  const id = name('request_id')
  const { parent_id: parents } = fields
  const after = Array.isArray(parents) ? parents.map(String) : parents == null ? null : [name('parent_id') ?? '']
  if (session === null && id === null && after === null) return null
  return { session, id, after: after ?? (session === null ? [] : null), delay }
}

/** Requests of one recorded session, with those of its sub-agents in parallel. */
function* sessionRows(line: Line, requests: readonly unknown[], number: number, blockTokens: number): Generator<Row> {
  const session = `${number}`
  /** Block ids are local to a session. */
  const scope = number * 2 ** 32
  let made = 0
  /** Answers that the next request waits for. */
  let ended: string[] = []
  const row = (fields: Fields, at: number, after: readonly string[]): Row => {
    const input = line.number(fields, 'in', 1)
    const hashIds = idsOf(line, fields, input, blockTokens, true)
    const { think_time: think } = fields
    return {
      ...{ line: line.line, at, isDate: false, input, output: Math.max(1, line.number(fields, 'out', 0)) },
      hashIds: hashIds === null ? null : hashIds.map(id => scope + id),
      link: {
        session,
        id: `${number}/${made++}`,
        after,
        delay: typeof think === 'number' && think >= 0 ? think : null,
      },
    }
  }
  let parent: string[] = []
  for (const request of requests) {
    const fields = objectOf(line, request)
    const at = line.number(fields, 't', 0)
    if (fields.type !== 'subagent') {
      const next = row(fields, at, ended)
      parent = [`${number}/${made - 1}`]
      ended = parent
      yield next
      continue
    }
    const inner = Array.isArray(fields.requests) ? fields.requests.map(each => objectOf(line, each)) : []
    // Some producers count a sub-agent's times from its start, others from the session's.
    const first = inner[0] === undefined ? 0 : line.number(inner[0], 't', 0)
    const from = first < at ? at : 0
    let before = parent
    for (const each of inner) {
      yield row(each, from + line.number(each, 't', 0), before)
      before = [`${number}/${made - 1}`]
    }
    if (inner.length > 0) ended = [...ended.filter(id => !parent.includes(id)), ...before]
  }
}

function objectOf(line: Line, value: unknown): Fields {
  if (isRecord(value)) return value
  throw line.fail('requests', 'a request is a JSON object', 'write {"t": …, "in": …, "out": …}')
}

function idsOf(line: Line, fields: Fields, input: number, blockTokens: number, wholeOnly: boolean) {
  const hashIds = fields.hash_ids ?? null
  if (hashIds === null) return null
  if (!isIds(hashIds))
    throw line.fail('hash_ids', 'hash_ids is not a list of numbers', 'write whole numbers from 0, or leave it out')
  const blocks = Math.ceil(input / blockTokens)
  // kv-cache-tester omits partial blocks, and parts whose token count differs from the hashed one.
  if (wholeOnly) return hashIds.slice(0, blocks)
  if (hashIds.length === blocks) return hashIds
  const problem = `${hashIds.length} hash_ids for ${counted(input, 'token')}`
  throw line.fail('hash_ids', problem, `write ${blocks}, one for each block of ${blockTokens} tokens begun`)
}

function isIds(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(id => Number.isInteger(id) && id >= 0)
}

/** Whether a count fits a 32-bit column. */
export const isTokens = (count: number) => Number.isInteger(count) && count >= 0 && count < 2 ** 32

/** Ms of a date, UTC by default, with fractions below a millisecond; NaN if invalid. */
export function dateMsOf(text: string): number {
  const [, day, time, fraction = '', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/i.exec(text) ?? []
  return Date.parse(`${day}T${time}${zone}`) + 1000 * Number(`0${fraction}`)
}
