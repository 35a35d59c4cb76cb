import { availableParallelism } from 'node:os'
import { dirname, extname, join, relative } from 'node:path'
import { Tinypool } from 'tinypool'
import type { Measurement } from '../../metrics/measurement.ts'
import { mergeRecords } from '../../metrics/records.ts'
import type { Endpoint, Point } from '../../point/index.ts'
import { FulcrumError, meanTokens, redactor } from '../../point/index.ts'
import { apiKeyOf } from '../api-key.ts'
import type { LoadGenerator, LoadProgress, MeasureContext } from '../generator.ts'
import { createPromptSet } from '../prompts.ts'
import { readTrace } from '../trace.ts'
import type { Control } from './control.ts'
import { createControl, doneSoFar } from './control.ts'
import { mergeErrors } from './failure.ts'
import { countFirstChunks } from './first-chunks.ts'
import type { Job, JobResult } from './job.ts'
import { requestLogName, writeRequestLog } from './request-log.ts'
import { createRequestSet } from './request-set.ts'
import { resolveTarget } from './resolve-target.ts'
import { measurementOf } from './result.ts'
import { builtInRefusal, scheduleOf, threadsFor } from './schedule.ts'

export interface BuiltInOptions {
  /** Where lexicons are kept over runs. */
  readonly cacheFolder: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Worker threads; chosen from the concurrency and the cores when absent. */
  readonly threads?: number
  /** Certificates to trust besides the system's, PEM. */
  readonly ca?: string
}

const progressEveryMs = 200

/** Fulcrum's own load generator: raw sockets in worker threads, nothing between them and the clock. See docs/bench/load.md. */
export function builtIn(options: BuiltInOptions): LoadGenerator {
  const env = options.env ?? process.env
  let pool: Tinypool | null = null
  return {
    measure: async (point, endpoint, context) => {
      pool ??= createPool(options.threads ?? availableParallelism())
      try {
        return await measure(pool, options, env, point, endpoint, context)
      } catch (error) {
        // tinypool has an error of its own for aborted tasks.
        context.signal.throwIfAborted()
        throw error
      }
    },
    close: async () => {
      const closing = pool
      pool = null
      await closing?.destroy()
    },
  }
}

/** Threads live on from point to point: their code stays compiled. */
function createPool(threads: number): Tinypool {
  const file = new URL(`./worker${extname(import.meta.url)}`, import.meta.url)
  return new Tinypool({
    filename: file.href,
    minThreads: 0,
    maxThreads: Math.max(1, threads),
    idleTimeout: 3_600_000,
    concurrentTasksPerWorker: 1,
    isolateWorkers: false,
  })
}

async function measure(
  pool: Tinypool,
  options: BuiltInOptions,
  env: Readonly<Record<string, string | undefined>>,
  point: Point,
  endpoint: Endpoint,
  context: MeasureContext,
): Promise<Measurement> {
  const began = performance.now()
  const { load, workload } = point
  const { signal } = context
  context.onProgress({ phase: 'preparing', done: 0, total: null })
  const refusal = builtInRefusal(point)
  if (refusal !== null) throw new FulcrumError('bad-input', 'generator-cannot', refusal, { where: workload.name })
  const trace = load.level.kind === 'trace' ? await readTrace(load.level.file, signal) : null
  const schedule = scheduleOf(load, trace)
  const threads = options.threads ?? threadsFor(schedule, availableParallelism())
  const [prompts, target] = await Promise.all([
    createPromptSet({
      model: point.deployment.model,
      api: load.api,
      workload,
      count: load.dataset,
      seed: load.seed,
      salt: `${point.id}/${point.repeat}`,
      ...(trace === null ? {} : { trace }),
      cacheFolder: options.cacheFolder,
      signal,
    }),
    resolveTarget(endpoint, options.ca ?? null, signal),
    // Threads start and rehearse meanwhile.
    Promise.all(Array.from({ length: threads }, () => pool.run(null, { signal }))),
  ])
  const requests = createRequestSet(prompts, load, endpoint, apiKeyOf(endpoint, env), meanTokens(workload.osl))
  const control = createControl()
  const job = {
    target,
    api: load.api,
    streaming: load.streaming,
    requests,
    schedule,
    warmup: load.warmup,
    // The requests of a trace are its own; others go on where the warm-up ended.
    firstMeasured: trace === null ? Math.ceil(load.warmup / prompts.turns) * prompts.turns : 0,
    thinkMs: workload.conversation?.thinkMs ?? 0,
    durationMs: load.durationS === undefined ? null : load.durationS * 1000,
    graceMs: load.graceS * 1000,
    timeoutMs: load.timeoutMs,
    control,
    threads,
  } satisfies Omit<Job, 'thread'>
  const startedAt = new Date()
  const clockBefore = Date.now() - performance.now()
  const progress = followProgress(control, job, context)
  try {
    const results = await runThreads(pool, job, signal)
    context.onProgress({ phase: 'summarising', done: 0, total: null })
    const clockJumpMs = Date.now() - performance.now() - clockBefore
    await countFirstChunks(results, point.deployment.model.tokenizer)
    const records = mergeRecords(results.map(result => result.records))
    await writeRequestLog(context.folder, records, signal)
    return measurementOf(records, results, {
      point,
      requests,
      startedAt: startedAt.toISOString(),
      clockJumpMs,
      wallS: (performance.now() - began) / 1000,
      // The folder of a point is `points/<id>` in the run's.
      files: [relative(dirname(dirname(context.folder)), join(context.folder, requestLogName))],
      errors: mergeErrors(
        results.map(result => result.errors),
        redactor(env),
      ),
    })
  } finally {
    clearInterval(progress)
  }
}

/** Runs the job in every thread; when one fails, the others are ended. */
async function runThreads(pool: Tinypool, job: Omit<Job, 'thread'>, signal: AbortSignal): Promise<JobResult[]> {
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  try {
    return await Promise.all(
      Array.from(
        { length: job.threads },
        (_, thread): Promise<JobResult> => pool.run({ ...job, thread }, { signal: either }),
      ),
    )
  } catch (error) {
    failed.abort(error)
    throw error
  }
}

function followProgress(control: Control, job: Omit<Job, 'thread'>, context: MeasureContext): NodeJS.Timeout {
  const { schedule, warmup } = job
  const total = schedule.kind === 'closed' ? schedule.requests : schedule.dueMs.length
  return setInterval(() => {
    const done = doneSoFar(control)
    // The second meeting of the threads is the start of the measurement.
    const progress: LoadProgress =
      done.phase < 2
        ? { phase: 'warm-up', done: done.warmup, total: warmup }
        : { phase: 'measuring', done: done.measured, total }
    context.onProgress(progress)
  }, progressEveryMs)
}
