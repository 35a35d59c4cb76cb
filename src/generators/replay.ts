import { stat } from 'node:fs/promises'
import { defined, FulcrumError, type Load } from '../model/index.ts'
import type { PromptBook } from './prompt-book.ts'
import { readTrace, type Trace } from './trace.ts'
import { selectRequests } from './trace-sessions.ts'

/**
 * Part of a trace that a load replays, with recorded times.
 *
 * @param book traces that earlier points of the run read
 * @throws FulcrumError bad-input `trace-part-empty` if it contains no requests; errors of {@link readTrace}
 */
export async function replayedTrace(
  level: Extract<Load['level'], { kind: 'trace' }>,
  seed: number,
  signal: AbortSignal,
  book?: PromptBook,
): Promise<Trace> {
  const read = () => readTrace(level.file, signal, level.unit ?? 'inferred')
  const trace = await (book === undefined ? read() : book.takeTrace(await statedAs(level), read))
  const { fromMs, untilMs, sample } = level
  const isWhole = fromMs === undefined && untilMs === undefined && sample === undefined
  const part = isWhole ? trace : selectRequests(trace, defined({ fromMs, untilMs, sample }), seed)
  if (part.count > 0) return part
  const message = `no request of ${level.file} is in the part to replay`
  throw new FulcrumError('bad-input', 'trace-part-empty', message, {
    where: level.file,
    remedy: 'change from, until or sample of load.trace',
  })
}

/** Key that changes when the file does. A missing file is reported when it is read. */
async function statedAs({ file, unit }: Extract<Load['level'], { kind: 'trace' }>): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => null)
  const stated = found === null ? [] : [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs]
  return [file, ...stated, unit ?? 'inferred'].join('\0')
}
