import { availableParallelism } from 'node:os'
import type { Measurement, ReplayedTrace } from '../../metrics/measurement.ts'
import { stopRuleOf } from '../../metrics/stopping/stop.ts'
import type { Endpoint, Point } from '../../model/index.ts'
import type { LoadGenerator, LoadProgress, MeasureContext } from '../generator.ts'
import type { PromptBook } from '../prompt-book.ts'
import { createPromptBook } from '../prompt-book.ts'
import type { Trace } from '../trace.ts'
import { conclude } from './conclude.ts'
import type { Control } from './control.ts'
import { barriers, createControl, doneSoFar, monotonicMs, phaseStarts } from './control.ts'
import type { Job } from './job.ts'
import { createLiveTable, soFar } from './live-table.ts'
import { createLookTable } from './look-table.ts'
import { createPool, type Pool } from './pool.ts'
import { prepareLoad, refuseWhatCannotBe, timingOf } from './prepare.ts'
import { resolveTarget } from './resolve-target.ts'
import { threadsFor } from './schedule.ts'
import { tableSize, watchLoad } from './watch-load.ts'

/** Environment of the built-in generator on the machine where it runs. */
export interface BuiltInOptions {
  /** Folder that keeps lexicons between runs. */
  readonly cacheFolder: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Number of worker threads; default: from the concurrency and the cores. */
  readonly threads?: number
  /** Certificates to trust in addition to the system's, PEM. */
  readonly ca?: string
}

const progressEveryMs = 200
/** Computes percentiles once per second. */
const ticksBetweenLooks = 5

/**
 * Fulcrum's own load generator: raw sockets in worker threads, with minimal code between them and the clock. See
 * docs/bench/load.md.
 */
export function builtIn(options: BuiltInOptions): LoadGenerator {
  const env = options.env ?? process.env
  const book = createPromptBook()
  let pool: Pool | null = null
  return {
    measure: async (point, endpoint, context) => {
      pool ??= createPool()
      try {
        return await measure(pool, options, env, book, point, endpoint, context)
      } catch (error) {
        // The aborted signal's reason says why.
        context.signal.throwIfAborted()
        throw error
      }
    },
    close: async () => {
      const closing = pool
      pool = null
      await closing?.close()
    },
  }
}

async function measure(
  pool: Pool,
  options: BuiltInOptions,
  env: Readonly<Record<string, string | undefined>>,
  book: PromptBook,
  point: Point,
  endpoint: Endpoint,
  context: MeasureContext,
): Promise<Measurement> {
  const beganMs = monotonicMs()
  const { signal } = context
  context.onProgress({ phase: 'preparing', done: 0, total: null })
  refuseWhatCannotBe(point)
  const timing = await timingOf(point, book, signal)
  const threads = options.threads ?? threadsFor(timing.schedule, availableParallelism())
  const [load, target] = await Promise.all([
    prepareLoad(point, endpoint, timing, { cacheFolder: options.cacheFolder, env, book }, signal),
    resolveTarget(endpoint, options.ca ?? null, signal),
    // Runs at the same time.
    pool.ready(threads, signal),
  ])
  const control = createControl()
  const rule = stopRuleOf(point.load, point.slo, context.isBeaten, load.requests.turns)
  const table = rule === null ? null : createLookTable(tableSize(rule))
  const live = createLiveTable(threads)
  const job = { ...load, target, control, table, live, threads } satisfies Omit<Job, 'thread'>
  const preparedMs = monotonicMs()
  const startedAt = new Date()
  const clockBefore = Date.now() - performance.now()
  const progress = followProgress(control, job, context)
  const watch = rule === null || table === null ? null : watchLoad(control, table, rule)
  try {
    const results = await pool.run(job, signal)
    context.onProgress({ phase: 'summarising', done: 0, total: null })
    const clockJumpMs = Date.now() - performance.now() - clockBefore
    const times = { beganMs, preparedMs, ...phaseStarts(control) }
    const facts = {
      point,
      requests: job.requests,
      startedAt,
      times,
      clockJumpMs,
      lookupMs: target.lookupMs,
      shards: 1,
      env,
      ...(timing.trace === null ? {} : { replay: replayOf(timing.trace), trace: timing.trace }),
      ...(rule === null || watch === null ? {} : { stop: { rule, requests: watch.requests } }),
    }
    return await conclude(results, facts, context)
  } finally {
    watch?.end()
    clearInterval(progress)
  }
}

function replayOf({ count, outOf = count, time, unanswered }: Trace): ReplayedTrace {
  return { inFile: outOf + unanswered, chosen: count, ...time }
}

function followProgress(control: Control, job: Omit<Job, 'thread'>, context: MeasureContext): NodeJS.Timeout {
  const { schedule, warmup, live } = job
  const total = schedule.kind === 'closed' ? schedule.requests : schedule.dueMs.length
  let ticks = 0
  let seen = soFar(live, job.api)
  return setInterval(() => {
    const done = doneSoFar(control)
    ticks += 1
    if (ticks % ticksBetweenLooks === 0) seen = soFar(live, job.api)
    context.onProgress({ ...progressOf(done, warmup, total), soFar: seen })
  }, progressEveryMs)
}

function progressOf(done: ReturnType<typeof doneSoFar>, warmup: number, total: number | null): LoadProgress {
  switch (barriers[done.phase - 1]) {
    case 'window':
      return { phase: 'measuring', done: done.measured, total }
    case 'release':
      return { phase: 'draining', done: done.measured, total }
    default:
      return { phase: 'warm-up', done: done.warmup, total: warmup }
  }
}
