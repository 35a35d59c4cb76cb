import { extname } from 'node:path'
import { Tinypool } from 'tinypool'
import type { Job, JobResult } from './job.ts'

/** Threads are reused from point to point, so that their code stays compiled. */
export function createPool(threads: number): Tinypool {
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

/** Starts threads and lets each rehearse. */
export async function readyThreads(pool: Tinypool, threads: number, signal: AbortSignal): Promise<void> {
  await Promise.all(Array.from({ length: threads }, () => pool.run(null, { signal })))
}

/** Runs the job in every thread. If one thread fails, the others are stopped. */
export async function runThreads(pool: Tinypool, job: Omit<Job, 'thread'>, signal: AbortSignal): Promise<JobResult[]> {
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
