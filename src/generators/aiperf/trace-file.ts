import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { ReplayedTrace } from '../../metrics/measurement.ts'
import { type Endpoint, FulcrumError, largest, type Point } from '../../model/index.ts'
import { userCacheFolder } from '../cache.ts'
import { frameTexts } from '../frame.ts'
import { createPromptSet } from '../prompts.ts'
import { replayedTrace } from '../replay.ts'
import type { Trace } from '../trace.ts'
import { traceTexts } from '../trace-prompts.ts'
import { isBranched } from '../trace-sessions.ts'

/** A trace in AIPerf's Mooncake format, with the prompts of the built-in generator. */
export interface WrittenTrace {
  readonly requests: number
  /** Mean lengths of its requests, tokens. */
  readonly asked: { readonly isl: number; readonly osl: number }
  readonly replay: ReplayedTrace
  /** Time from the first request to the end of the last session, if every answer takes its full timeout; ms. */
  readonly longestMs: number
}

/** Maximum number of prompt tokens to write: about 3 GB of text. */
const mostTokens = 500_000_000

/**
 * Writes the replayed part of a trace in AIPerf's format. It has complete messages, so that the prompts are those of
 * the built-in generator and share the trace's blocks, and times scaled by the speed. The turns of a session follow
 * each other after their delay or at their recorded time.
 * @throws FulcrumError bad-input as {@link replayedTrace}; `generator-cannot` for sessions with parallel requests, and
 *   for more text than AIPerf can hold
 */
export async function writeTraceFile(
  { load, workload, deployment, id, repeat }: Point,
  endpoint: Pick<Endpoint, 'dialect'>,
  file: string,
  signal: AbortSignal,
): Promise<WrittenTrace> {
  const { level, seed, api } = load
  if (level.kind !== 'trace') throw new TypeError('only a load with a trace has a trace file')
  const trace = await replayedTrace(level, seed, signal)
  const count = Math.min(trace.count, load.requests ?? Number.POSITIVE_INFINITY)
  refuse(trace, count, workload.name)
  const { recipe } = await createPromptSet({
    ...{ model: deployment.model, api, workload, count: trace.count, seed, trace, late: true, signal },
    salt: `${id}/${repeat}`,
    cacheFolder: userCacheFolder(process.env),
  })
  if (recipe === undefined) throw new Error('a trace has a recipe for its prompts')
  const textOf = traceTexts(recipe)
  const out = createWriteStream(file)
  const done = finished(out, { signal })
  for (const row of inSessions(trace, count)) {
    const { json } = frameTexts([textOf(row)], recipe.api, recipe.lexicon)
    const line = `{${fieldsOf(trace, row, level.speed, endpoint)},"messages":${Buffer.from(json).toString()}}\n`
    if (!out.write(line)) await Promise.race([new Promise<void>(drained => out.once('drain', drained)), done])
  }
  out.end()
  await done
  const mean = (tokens: Uint32Array) => tokens.subarray(0, count).reduce((sum, each) => sum + each, 0) / count
  const { outOf = trace.count, unanswered, time } = trace
  return {
    requests: count,
    asked: { isl: mean(recipe.inputTokens), osl: mean(trace.outputTokens) },
    replay: { inFile: outOf + unanswered, chosen: trace.count, ...time },
    longestMs: longestMs(trace, count, level.speed, load.timeoutMs),
  }
}

function longestMs({ atMs, sessions }: Trace, count: number, speed: number, timeoutMs: number): number {
  const recordedMs = (atMs[count - 1] ?? 0) / speed
  if (sessions === undefined) return recordedMs
  const ofSession = new Map<number, number>()
  for (let row = 0; row < count; row++) {
    const session = sessions.of[row] ?? 0
    const delayMs = sessions.delayMs[row] ?? Number.NaN
    const turnMs = timeoutMs + (Number.isNaN(delayMs) ? 0 : delayMs / speed)
    ofSession.set(session, (ofSession.get(session) ?? 0) + turnMs)
  }
  return recordedMs + largest(ofSession.values())
}

/** Rows ordered by session and turn. */
function inSessions({ sessions }: Trace, count: number): readonly number[] {
  const rows = Array.from({ length: count }, (_, row) => row)
  if (sessions === undefined) return rows
  const { of, turn } = sessions
  return rows.sort((a, b) => (of[a] ?? 0) - (of[b] ?? 0) || (turn[a] ?? 0) - (turn[b] ?? 0))
}

/** The fields of a line before its messages, as JSON without braces. */
function fieldsOf(trace: Trace, row: number, speed: number, { dialect }: Pick<Endpoint, 'dialect'>): string {
  const { sessions, atMs, outputTokens } = trace
  const osl = outputTokens[row] ?? 1
  const delayMs = sessions?.delayMs[row] ?? Number.NaN
  const fields = {
    ...(sessions === undefined ? {} : { session_id: `session-${sessions.of[row]}` }),
    ...(Number.isNaN(delayMs) ? { timestamp: (atMs[row] ?? 0) / speed } : { delay: delayMs / speed }),
    output_length: osl,
    ...(dialect === 'openai' ? {} : { extra: { min_tokens: osl } }),
  }
  return JSON.stringify(fields).slice(1, -1)
}

function refuse(trace: Trace, count: number, where: string): void {
  const cannot = (message: string, remedy: string) =>
    new FulcrumError('bad-input', 'generator-cannot', message, { where, remedy })
  if (trace.sessions !== undefined && isBranched(trace.sessions))
    throw cannot(
      'AIPerf sends the requests of a session one after another, but some of this trace run in parallel',
      'use generator: built-in',
    )
  const tokens = trace.inputTokens.subarray(0, count).reduce((sum, each) => sum + each, 0)
  if (tokens > mostTokens)
    throw cannot(
      `the prompts of the trace have ${tokens.toLocaleString('en-US')} tokens, more than AIPerf is given (${mostTokens.toLocaleString('en-US')})`,
      'replay less of it with from, until or sample, or use generator: built-in',
    )
}
