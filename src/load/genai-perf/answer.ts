import type { ErrorKind } from '../../metrics/measurement.ts'
import type { Api } from '../../point/index.ts'
import { readChunk, type Usage } from '../built-in/chunk.ts'
import { EventReader } from '../built-in/event-reader.ts'
import type { RawRequest } from './raw-requests.ts'

/** What perf_analyzer received for one request, read as the built-in generator reads a stream. Times in ms, NaN where none. */
export interface Answer {
  readonly sentMs: number
  readonly doneMs: number
  /** When each chunk with a token came. */
  readonly chunkMs: readonly number[]
  /** Text of all chunks, reasoning included, and of the first alone. */
  readonly text: string
  readonly firstText: string
  readonly usage: Usage | null
  readonly failure: { readonly kind: ErrorKind; readonly message: string } | null
}

/**
 * Reads an answer from the pieces that perf_analyzer's reads gave. A piece may hold several events, or a part of one: an
 * event counts from the piece that completed it. (genai-perf itself fails on some of these, and loses all results.)
 *
 * @param originNs taken off every timestamp
 */
export function readAnswer(request: RawRequest, api: Api, streaming: boolean, originNs: number): Answer {
  const ms = (ns: number | undefined) => (ns === undefined ? Number.NaN : (ns - originNs) / 1e6)
  const chunkMs: number[] = []
  let text = ''
  let firstText = ''
  let usage: Usage | null = null
  let finished = !streaming
  let failure: Answer['failure'] = null
  let atMs = Number.NaN

  function take(data: string, type: string): void {
    if (data === '[DONE]') {
      finished = true
      return
    }
    const value = parse(data)
    if (value === undefined) {
      failure ??= { kind: 'bad-response', message: `an event is not JSON: ${data.slice(0, 200)}` }
      return
    }
    const chunk = readChunk(api, type, value)
    if (chunk.error !== null) failure ??= { kind: 'server-error', message: `the server sent an error: ${chunk.error}` }
    if (chunk.usage !== null) usage = chunk.usage
    if (chunk.finished) finished = true
    if (chunk.text === '') return
    if (chunkMs.length === 0) firstText = chunk.text
    text += chunk.text
    chunkMs.push(atMs)
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
  if (!finished) {
    failure ??= {
      kind: 'broken-stream',
      message: `the stream ended after ${chunkMs.length} chunks with neither [DONE] nor a finish_reason`,
    }
  } else if (chunkMs.length === 0) failure ??= { kind: 'short-output', message: 'the answer has no token' }
  const doneMs = ms(request.response_timestamps.at(-1))
  return { sentMs: ms(request.timestamp), doneMs, chunkMs, text, firstText, usage, failure }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data) as unknown
  } catch {
    return undefined
  }
}
