import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { itlOf } from '../../metrics/definitions.ts'
import type { RequestRecords } from '../../metrics/records.ts'
import { decodeTimesOf, errorKindOf, phaseOf } from '../../metrics/records.ts'
import type { ModelShare } from '../../model/index.ts'

/** Name of the log in the folder of a point's measurement. */
export const requestLogName = 'requests.jsonl.gz'

/** Number of rows converted to text at once. */
const batch = 1000

/**
 * Writes one compressed JSON line per request. Times are in ms from the start of the window (`scheduled`, `sent`) or
 * from the send (`ttft`, `latency`), and null if there is none. With several models, a line also has the name that the
 * request carried. The file gets its name when it is complete.
 */
export async function writeRequestLog(
  folder: string,
  records: RequestRecords,
  signal: AbortSignal,
  mix: readonly ModelShare[] = [],
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const draft = join(folder, `.${requestLogName}.tmp`)
  try {
    // Level 1 is enough for repetitive text, and the next point waits for it.
    const sink = createWriteStream(draft, { flush: true })
    await pipeline(Readable.from(lines(records, mix)), createGzip({ level: 1 }), sink, { signal })
    await rename(draft, join(folder, requestLogName))
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined)
    throw error
  }
}

function* lines(records: RequestRecords, mix: readonly ModelShare[]): Generator<string> {
  for (let row = 0; row < records.count; row += batch) {
    const end = Math.min(row + batch, records.count)
    yield Array.from({ length: end - row }, (_, i) => `${JSON.stringify(lineOf(records, row + i, mix))}\n`).join('')
  }
}

function lineOf(records: RequestRecords, row: number, mix: readonly ModelShare[]) {
  const at = (column: Float64Array) => column[row] ?? Number.NaN
  const sent = at(records.sentMs)
  const first = at(records.firstTokenMs)
  return {
    scheduled: round(at(records.scheduledMs)),
    sent: round(sent),
    ttft: round(first - sent),
    ttfo: round((at(records.reasoningChunks) > 0 ? at(records.answerMs) : Number.NaN) - sent),
    ttst: round(at(records.secondTokenMs) - first),
    latency: round(at(records.lastTokenMs) - sent),
    done: round(at(records.doneMs) - sent),
    itl: round(itlOf(decodeTimesOf(records, row))),
    isl: at(records.inputTokens),
    osl: at(records.outputTokens),
    cached: at(records.cachedTokens),
    reasoning: at(records.reasoningTokens),
    chunks: at(records.chunks),
    head: at(records.headChunks),
    ...(mix.length === 0 ? {} : { model: mix[at(records.model)]?.name }),
    phase: phaseOf(records.phase[row] ?? 0),
    error: errorKindOf(records.error[row] ?? 0),
  }
}

/** The clock's resolution is microseconds. JSON turns NaN into null. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
