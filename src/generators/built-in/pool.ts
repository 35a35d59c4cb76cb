import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Job, JobResult } from './job.ts'

/** What a thread is asked for: to run a job, to prepare for one, or to end. */
export type Order =
  | { readonly kind: 'run'; readonly job: Job }
  | { readonly kind: 'rehearse' }
  | { readonly kind: 'end' }

/** What a thread answers to an order. A rehearsal has no result. */
export type Answer = { readonly result: JobResult | null } | { readonly error: unknown }

/** Load threads. They are reused from point to point, so that their code stays compiled. */
export interface Pool {
  /** Starts threads up to this number and lets each rehearse. */
  ready(threads: number, signal: AbortSignal): Promise<void>
  /** Runs the job in every thread. If one thread fails, the others are stopped. */
  run(job: Omit<Job, 'thread'>, signal: AbortSignal): Promise<JobResult[]>
  /** Ends all threads, which are idle. */
  close(): Promise<void>
}

/** A pool without threads yet. */
export function createPool(): Pool {
  const file = new URL(`./worker${extname(import.meta.url)}`, import.meta.url)
  const workers = new Map<number, Worker>()
  const workerOf = (thread: number): Worker => {
    const worker = workers.get(thread) ?? new Worker(file)
    workers.set(thread, worker)
    return worker
  }
  const stop = async (thread: number) => {
    const worker = workers.get(thread)
    workers.delete(thread)
    await worker?.terminate()
  }
  const ask = async (thread: number, order: Order, signal: AbortSignal): Promise<JobResult | null> => {
    signal.throwIfAborted()
    const worker = workerOf(thread)
    const answered = new AbortController()
    const until = { signal: AbortSignal.any([signal, answered.signal]) }
    try {
      // Idle threads don't keep the process alive.
      worker.ref()
      const exited = once(worker, 'exit', until).then(([code]) => {
        throw new Error(`a load thread exited with code ${code}`)
      })
      const answer = once(worker, 'message', until) as Promise<[Answer]>
      worker.postMessage(order)
      const [said] = await Promise.race([answer, exited])
      if ('error' in said) throw said.error
      return said.result
    } catch (error) {
      await stop(thread)
      throw error
    } finally {
      answered.abort()
      worker.unref()
    }
  }
  /** Gives every thread its order. If one fails, the others are stopped. */
  const askAll = async (threads: number, orderOf: (thread: number) => Order, signal: AbortSignal) => {
    const failed = new AbortController()
    const either = AbortSignal.any([signal, failed.signal])
    const asked = Array.from({ length: threads }, (_, thread) => ask(thread, orderOf(thread), either))
    try {
      return await Promise.all(asked)
    } catch (error) {
      failed.abort(error)
      // The next order is not for threads that are being stopped.
      await Promise.allSettled(asked)
      throw error
    }
  }
  return {
    ready: async (threads, signal) => {
      await askAll(threads, () => ({ kind: 'rehearse' }), signal)
    },
    run: async (job, signal) => {
      const results = await askAll(job.threads, thread => ({ kind: 'run', job: { ...job, thread } }), signal)
      return results.filter(result => result !== null)
    },
    close: async () => {
      const ended = [...workers.values()].map(async worker => {
        const exit = once(worker, 'exit')
        worker.ref()
        worker.postMessage({ kind: 'end' } satisfies Order)
        await exit
      })
      workers.clear()
      await Promise.all(ended)
    },
  }
}
