import { createReadStream } from 'node:fs'
import { z } from 'zod'
import { FulcrumError } from '../../model/index.ts'

/** One request in perf_analyzer's profile_export.json; timestamps in ns since the epoch. */
export interface RawRequest {
  readonly timestamp: number
  readonly request_inputs: { readonly payload: string }
  readonly response_timestamps: readonly number[]
  readonly response_outputs: readonly { readonly response: string }[]
}

const rawRequest = z.object({
  timestamp: z.number(),
  request_inputs: z.object({ payload: z.string() }),
  response_timestamps: z.array(z.number()),
  response_outputs: z.array(z.object({ response: z.string() })),
})

const QUOTE = 0x22
const BACKSLASH = 0x5c
const opening = new Set([0x5b, 0x7b])
const closing = new Set([0x5d, 0x7d])
/** `{ experiments: [ { requests: [ {` opens a request. */
const requestDepth = 5

/**
 * Reads the requests of a profile_export.json one by one, because with long prompts the file exceeds the maximum length
 * of a string.
 *
 * @throws FulcrumError failed `genai-perf-output-unreadable` if the file ends early or has another format
 */
export async function* readRawRequests(file: string): AsyncGenerator<RawRequest> {
  let depth = 0
  let inString = false
  let escaped = false
  let parts: Buffer[] | null = null
  for await (const bytes of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    let start = 0
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number
      if (escaped) escaped = false
      else if (inString) {
        if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) inString = false
      } else if (byte === QUOTE) inString = true
      else if (opening.has(byte)) {
        depth += 1
        if (depth === requestDepth && byte === 0x7b) {
          parts = []
          start = at
        }
      } else if (closing.has(byte)) {
        depth -= 1
        if (depth === requestDepth - 1 && parts !== null) {
          parts.push(bytes.subarray(start, at + 1))
          yield parseRequest(Buffer.concat(parts).toString('utf8'), file)
          parts = null
        }
      }
    }
    parts?.push(bytes.subarray(start))
  }
  if (depth !== 0 || inString) throw unreadable(file, 'it ends in the middle')
}

function parseRequest(text: string, file: string): RawRequest {
  try {
    return rawRequest.parse(JSON.parse(text))
  } catch (cause) {
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function unreadable(file: string, why: string, cause?: unknown): FulcrumError {
  return new FulcrumError(
    'failed',
    'genai-perf-output-unreadable',
    `could not read perf_analyzer's record of requests: ${why}`,
    {
      where: file,
      cause,
    },
  )
}
