import { defined, FulcrumError, type Load } from '../model/index.ts'
import { readTrace, type Trace } from './trace.ts'
import { choosePart } from './trace-sessions.ts'

/**
 * The part of a trace that a load replays, its times as recorded.
 *
 * @throws FulcrumError bad-input `trace-part-empty` when no request is in it; what {@link readTrace} throws
 */
export async function replayedTrace(
  level: Extract<Load['level'], { kind: 'trace' }>,
  seed: number,
  signal: AbortSignal,
): Promise<Trace> {
  const trace = await readTrace(level.file, signal, level.unit ?? 'inferred')
  const { fromMs, untilMs, sample } = level
  const isWhole = fromMs === undefined && untilMs === undefined && sample === undefined
  const part = isWhole ? trace : choosePart(trace, defined({ fromMs, untilMs, sample }), seed)
  if (part.count > 0) return part
  const message = `no request of ${level.file} is in the part to replay`
  throw new FulcrumError('bad-input', 'trace-part-empty', message, {
    where: level.file,
    remedy: 'change from, until or sample of load.trace',
  })
}
