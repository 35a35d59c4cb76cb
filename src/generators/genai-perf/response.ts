import type { ErrorKind } from '../../metrics/measurement.ts'
import type { Api } from '../../model/index.ts'
import { endings } from '../built-in/answer-ends.ts'
import { isErrorEvent, readChunk, type Usage } from '../built-in/chunk.ts'
import { EventReader } from '../built-in/event-reader.ts'
import { type UsageState, usageStateOf } from '../built-in/usage-state.ts'
import type { RawRequest } from './raw-requests.ts'

/**
 * perf_analyzer's record of one response, parsed as the built-in generator parses a stream. Times in ms; NaN if
 * missing.
 */
export interface ParsedResponse {
  readonly sentMs: number
  readonly doneMs: number
  /** Arrival of each chunk with a token. */
  readonly chunkMs: readonly number[]
  /** Text of all chunks including reasoning, and of the first chunk alone. */
  readonly text: string
  readonly firstText: string
  /** Usage as the server sent it, and its plausibility. */
  readonly usage: Usage | null
  readonly usageState: UsageState
  /** Tokens of the first chunk according to the server; 0 if not reported. */
  readonly firstTokens: number
  /** Which of {@link endings} it had. */
  readonly ending: number
  readonly failure: { readonly kind: ErrorKind; readonly message: string } | null
}

/**
 * Parses an answer from the pieces that perf_analyzer read. A piece may contain several events or part of one; an event
 * counts from the piece that completes it. (genai-perf itself fails on some of these and loses all results.)
 *
 * @param originNs subtracted from every timestamp
 */
export function parseResponse(request: RawRequest, api: Api, streaming: boolean, originNs: number): ParsedResponse {
  const ms = (ns: number | undefined) => (ns === undefined ? Number.NaN : (ns - originNs) / 1e6)
  const chunkMs: number[] = []
  let text = ''
  let firstText = ''
  let usage: Usage | null = null
  let usageAt = 0
  let firstTokens = 0
  let textBytes = 0
  let done = !streaming
  let finished = false
  let blankFinish = false
  let failure: ParsedResponse['failure'] = null
  let atMs = Number.NaN

  function take(data: string, type: string): void {
    if (done && streaming) return
    if (data === '[DONE]' && !isErrorEvent(type)) {
      done = true
      return
    }
    const value = parse(data)
    if (data === '' || value === undefined || typeof value === 'string') {
      const what = data === '' ? `an event '${type}'` : data.slice(0, 200)
      if (isErrorEvent(type)) failure ??= { kind: 'server-error', message: `the server sent an error: ${what}` }
      else if (data !== '') failure ??= { kind: 'bad-response', message: `an event is not JSON of an answer: ${what}` }
      return
    }
    const chunk = readChunk(api, type, value)
    if (chunk.error !== null) failure ??= { kind: 'server-error', message: `the server sent an error: ${chunk.error}` }
    if (chunk.finished) finished = true
    if (chunk.finished && api === 'responses') done = true
    if (chunk.blankFinish) blankFinish = true
    if (chunk.token) {
      if (chunkMs.length === 0 && chunk.key !== 'several') firstText = chunk.text
      text += chunk.text
      textBytes += Buffer.byteLength(chunk.text)
      chunkMs.push(atMs)
    }
    if (chunk.usage === null) return
    usage = chunk.usage
    usageAt = chunkMs.length
    if (chunk.token && usageAt === 1) firstTokens = chunk.usage.outputTokens
  }

  const events = new EventReader({
    takeWhole: () => -1,
    onEvent: (bytes, start, end, type) => take(bytes.toString('utf8', start, end), type),
  })
  for (const [index, { response }] of request.response_outputs.entries()) {
    atMs = ms(request.response_timestamps[index])
    const bytes = Buffer.from(response)
    if (streaming) events.push(bytes, 0, bytes.length)
    else if (response !== '') take(response, '')
  }
  if (streaming) events.close()
  const chunks = chunkMs.length
  if (!finished && (blankFinish || !done)) {
    const ends = blankFinish ? 'an empty finish_reason' : 'neither [DONE] nor a finish_reason'
    failure ??= { kind: 'broken-stream', message: `the stream ended after ${chunks} chunks with ${ends}` }
  } else if (chunks === 0) failure ??= { kind: 'short-output', message: 'the answer has no token' }
  const doneMs = ms(request.response_timestamps.at(-1))
  const { outputTokens } = usage ?? noUsage
  const usageState = usageStateOf(outputTokens, usageAt, chunks, textBytes)
  const ending = (done ? endings.done : 0) | (finished ? endings.finishReason : 0)
  const sentMs = ms(request.timestamp)
  return { sentMs, doneMs, chunkMs, text, firstText, usage, usageState, firstTokens, ending, failure }
}

const noUsage: Usage = { inputTokens: -1, outputTokens: -1, cachedTokens: -1, reasoningTokens: -1 }

function parse(data: string): unknown {
  try {
    return JSON.parse(data) as unknown
  } catch {
    return undefined
  }
}
