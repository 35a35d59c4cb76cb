import { type Asking, askingByDefault, probe } from '../generators/probe.ts'
import { type Endpoint, FulcrumError, type Role } from '../model/index.ts'
import type { RunningProcess } from '../process/process.ts'
import type { DeployContext } from './deployer.ts'
import { differences, type Registered, registeredWorkers } from './discovery.ts'
import { isWhole, logEnd, processFailure } from './failure.ts'
import { waitUntil } from './wait.ts'

/** A deadline shared by several waits. */
export interface Deadline {
  readonly limitS: number
  readonly startedAtMs: number
}

export function leftMs({ limitS, startedAtMs }: Deadline): number {
  return startedAtMs + limitS * 1000 - performance.now()
}

/** What to wait for, and how to report progress. */
export interface Awaited {
  readonly url: string
  readonly deadline: Deadline
  readonly context: DeployContext
  /** `2P1D`, for messages. */
  readonly label: string
  /** How the load will send requests; default: streamed chat. */
  readonly ask?: Asking
}

/** The same for a frontend that also sees workers of other namespaces. */
export interface AwaitedWorkers extends Awaited {
  readonly namespace: string
}

interface NamedWorker {
  readonly role: Role
  readonly process: RunningProcess
  /** Processes of all ranks, if it has several. */
  readonly ranks?: readonly RunningProcess[]
  /** Number of ranks that register. Default: 1. */
  readonly registers?: number
}

const processesOf = (workers: readonly NamedWorker[]) => workers.flatMap(({ process, ranks }) => ranks ?? [process])

/** Waits until a frontend responds. */
export async function frontendUp(frontend: RunningProcess, awaited: Awaited): Promise<void> {
  await waitUntil(async signal => (await fetch(`${awaited.url}/health`, { signal })).status < 500, {
    ...limits(awaited, 'the frontend'),
    failed: () => (frontend.alive() ? null : processFailure(frontend)),
    late: () => notReady(awaited, 'the frontend does not answer', [frontend]),
  })
}

/**
 * Waits until exactly these workers are registered: new ones have appeared, and removed ones are gone.
 * @throws FulcrumError if one of them ends meanwhile, or at the deadline
 */
export async function workersRegistered(
  workers: readonly NamedWorker[],
  frontend: RunningProcess,
  awaited: AwaitedWorkers,
): Promise<void> {
  let last: Registered | null = null
  await waitUntil(
    async signal => {
      last = await registeredWorkers(awaited.url, awaited.namespace, signal)
      return differences(last, workers).length === 0
    },
    {
      ...limits(awaited, 'workers to register'),
      failed: () => ended([frontend, ...processesOf(workers)]),
      late: () => {
        const why = last === null ? 'the frontend does not answer' : differences(last, workers).join(', ')
        return notReady(awaited, why, processesOf(workers))
      },
    },
  )
}

/**
 * Waits for real completions, requested as the load will, one after another. Sends as many as the largest role has
 * workers: routed in turn, each worker answers one, so that no worker gets its first request under load.
 * @throws FulcrumError if a process ends meanwhile, or at the deadline: a deployment may list its model and never
 *   answer
 */
export async function completionsCameBack(
  endpoint: Endpoint,
  workers: readonly NamedWorker[],
  frontend: RunningProcess,
  awaited: Awaited,
): Promise<void> {
  const processes = [frontend, ...processesOf(workers)]
  const perRole = Map.groupBy(workers, worker => worker.role)
  const registered = (members: readonly NamedWorker[]) => members.reduce((sum, { registers = 1 }) => sum + registers, 0)
  const count = Math.max(1, ...[...perRole.values()].map(registered))
  await answeredBy(processes, endpoint, { ...awaited, count, sofar: 'its workers are registered, but ' })
}

/**
 * Waits until an endpoint has answered a request like the load's.
 * @param processes processes that must stay alive meanwhile
 * @throws FulcrumError if one of them ends, or at the deadline
 */
export async function answeredBy(
  processes: readonly RunningProcess[],
  endpoint: Endpoint,
  awaited: Awaited & { readonly count?: number; readonly sofar?: string },
): Promise<void> {
  let missing = awaited.count ?? 1
  let why = 'no completion came back'
  await waitUntil(
    async () => {
      while (missing > 0) {
        try {
          const timeoutMs = Math.max(1, leftMs(awaited.deadline))
          await untilEnded(processes, awaited.context.signal, signal =>
            probe(endpoint, { signal, timeoutMs, ...(awaited.ask ?? askingByDefault) }),
          )
          missing--
        } catch (error) {
          if (error instanceof FulcrumError && error.code === 'probe-failed') why = error.message
          return false
        }
      }
      return true
    },
    {
      ...limits(awaited, 'a completion'),
      failed: () => ended(processes),
      late: () => notReady(awaited, `${awaited.sofar ?? ''}${why}`, processes),
    },
  )
}

/** Runs a task that is aborted as soon as one of the processes ends. */
async function untilEnded<T>(
  processes: readonly RunningProcess[],
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const giveUp = () => over.abort(new Error('a process ended'))
  for (const process of processes) void process.exited.then(giveUp)
  return run(AbortSignal.any([signal, over.signal]))
}

function ended(processes: readonly RunningProcess[]): FulcrumError | null {
  const dead = processes.find(process => !isWhole(process))
  return dead === undefined ? null : processFailure(dead)
}

function limits({ deadline, context }: Awaited, what: string) {
  return {
    signal: context.signal,
    limitMs: Math.max(1, leftMs(deadline)),
    onWaiting: (elapsedS: number) => context.onEvent({ kind: 'waiting', what, elapsedS, deadlineS: deadline.limitS }),
  }
}

/** Error for a deployment that was not ready in time, with the last lines of its processes. */
export function notReady(
  { label, deadline, url }: Pick<Awaited, 'label' | 'deadline' | 'url'>,
  why: string,
  processes: readonly RunningProcess[],
): FulcrumError {
  return new FulcrumError(
    'failed',
    'deployment-not-ready',
    `${label} was not ready within ${deadline.limitS} s: ${why}${processes.map(process => logEnd(process)).join('')}`,
    { where: url, remedy: 'Raise deploy.ready_timeout if the model loads slowly. Otherwise check the logs above.' },
  )
}
