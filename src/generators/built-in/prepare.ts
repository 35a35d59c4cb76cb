import type { Endpoint, Point } from '../../model/index.ts'
import { defined, meanTokens, windowOf } from '../../model/index.ts'
import { apiKeyOf } from '../api-key.ts'
import { requireNone } from '../capabilities.ts'
import type { PromptBook } from '../prompt-book.ts'
import { createPromptSet } from '../prompts.ts'
import { replayedTrace } from '../replay.ts'
import { serverCounter } from '../server-tokens.ts'
import type { Trace } from '../trace.ts'
import { firstMeasured } from './asked.ts'
import type { JobLoad, Schedule } from './job.ts'
import { createRequestSet } from './request-set.ts'
import { scheduleOf } from './schedule.ts'
import { sessionPlan, singleRequests } from './sessions.ts'
import { builtInShortfalls } from './shortfalls.ts'

/** When a point's requests are sent, and the trace that determines it, if any. */
export interface Timing {
  readonly schedule: Schedule
  readonly trace: Trace | null
}

/**
 * Computes when the requests of a point are sent.
 * @throws FulcrumError as {@link replayedTrace}
 */
export async function timingOf({ load, workload }: Point, book: PromptBook, signal: AbortSignal): Promise<Timing> {
  const trace = load.level.kind === 'trace' ? await replayedTrace(load.level, load.seed, signal, book) : null
  return { schedule: scheduleOf(load, trace, workload.conversation?.turns), trace }
}

/** @throws FulcrumError bad-input `generator-cannot` if this generator cannot load the point */
export function refuseWhatCannotBe(point: Point): void {
  requireNone(builtInShortfalls(point), point.workload.name)
}

/** Dependencies of preparing, in addition to the point. */
export interface PrepareContext {
  readonly cacheFolder: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Prompts of the run's earlier points. */
  readonly book: PromptBook
}

/**
 * Prepares a point's requests completely before the clock starts.
 * @throws FulcrumError as {@link createPromptSet} and {@link apiKeyOf}
 */
export async function prepareLoad(
  point: Point,
  endpoint: Endpoint,
  { schedule, trace }: Timing,
  { cacheFolder, env, book }: PrepareContext,
  signal: AbortSignal,
): Promise<JobLoad> {
  const { load, workload } = point
  const apiKey = apiKeyOf(endpoint, env)
  const prompts = await createPromptSet({
    model: point.deployment.model,
    api: load.api,
    workload,
    count: load.dataset,
    seed: load.seed,
    salt: `${point.id}/${point.repeat}`,
    spare: spareConversations(point, schedule),
    ...defined({ period: load.autoWarmup === undefined ? undefined : load.requests }),
    ...(trace === null ? {} : { trace, late: true }),
    counter: serverCounter(endpoint, load.api, apiKey, signal),
    cacheFolder,
    book,
    signal,
  })
  return {
    api: load.api,
    streaming: load.streaming,
    requests: createRequestSet(
      ...([prompts, load, endpoint, apiKey, meanTokens(workload.osl)] as const),
      point.deployment.model.mix,
    ),
    schedule,
    window: windowOf(load, prompts.turns),
    warmup: load.warmup,
    firstMeasured: firstMeasured(load, prompts.turns),
    ...(load.autoWarmup === undefined ? {} : { windowMoves: true }),
    thinkMs: workload.conversation?.thinkMs ?? 0,
    seed: load.seed,
    sessionName: `${point.id}-${point.repeat}`,
    ...sessionsOf(load, trace, schedule),
    ...defined({ thinkSpread: workload.conversation?.thinkSpread, sessionHeader: load.sessionHeader }),
    durationMs: load.durationS === undefined ? null : load.durationS * 1000,
    graceMs: load.graceS * 1000,
    timeoutMs: load.timeoutMs,
  }
}

/** Dependencies between requests of a replay; empty if requests do not wait and arrive as recorded. */
function sessionsOf({ level }: Point['load'], trace: Trace | null, schedule: Schedule): Pick<JobLoad, 'sessions'> {
  if (trace === null || level.kind !== 'trace' || schedule.kind !== 'open') return {}
  const sessions = trace.sessions ?? (level.users === undefined ? undefined : singleRequests(trace.count))
  return sessions === undefined ? {} : { sessions: sessionPlan(sessions, schedule.dueMs, level.speed) }
}

/** Minimum prompts of an open loop for requests beyond its planned warm-up and window. */
const leastSpareOpen = 64

/** Prompts for requests that only maintain the load: about one per slot. If there are more requests, prompts repeat. */
function spareConversations({ load, workload }: Point, schedule: Schedule): number {
  if (windowOf(load, workload.conversation?.turns) === 'whole') return 0
  return schedule.kind === 'closed' ? schedule.concurrency : Math.max(leastSpareOpen, load.warmup)
}
