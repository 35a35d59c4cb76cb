import { type Asking, askingByDefault, probe } from '../generators/probe.ts'
import { type Endpoint, FulcrumError, type Role } from '../model/index.ts'
import type { RunningProcess } from '../process/process.ts'
import type { DeployContext } from './deployer.ts'
import { differences, hasSurplus, type Registered, registeredWorkers, surplusInWords } from './discovery.ts'
import { firstFailed, logEnd, processFailure } from './failure.ts'
import { waitUntil } from './wait.ts'

/** A deadline shared by several waits. */
export interface Deadline {
  readonly limitS: number
  readonly startedAtMs: number
}

/** Time until a deadline in ms; negative once it has passed. */
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
  /** How long workers that Fulcrum did not start may respond before the deployment fails. Default: 45 s. */
  readonly surplusPatienceMs?: number
}

/**
 * Longer than the lease of a killed worker, 30 s by default in Dynamo 1.6. Until then, another worker may have its
 * port.
 */
const usualSurplusPatienceMs = 45_000
/** How often surplus workers are checked: each check connects to them. */
const lookEveryMs = 2_000

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
 * @throws FulcrumError if one of them ends meanwhile, or at the deadline; failed `workers-surplus` if others stay
 *   registered, or one of these is registered twice
 */
export async function workersRegistered(
  workers: readonly NamedWorker[],
  frontend: RunningProcess,
  awaited: AwaitedWorkers,
): Promise<void> {
  let last: Registered | null = null
  const surplus = watchSurplus(awaited, workers)
  await waitUntil(
    async signal => {
      last = await registeredWorkers(awaited.url, awaited.namespace, signal)
      await surplus.look(last, signal)
      return differences(last, workers).length === 0
    },
    {
      ...limits(awaited, 'workers to register'),
      failed: () => ended([frontend, ...processesOf(workers)]) ?? surplus.failure(false),
      late: () => {
        const why = last === null ? 'the frontend does not answer' : differences(last, workers).join(', ')
        return surplus.failure(true) ?? notReady(awaited, why, processesOf(workers))
      },
    },
  )
}

/** Watches for workers beyond those that were started. */
function watchSurplus(awaited: AwaitedWorkers, workers: readonly NamedWorker[]) {
  const { surplusPatienceMs = usualSurplusPatienceMs, namespace, label, url } = awaited
  let sinceMs: number | null = null
  let lookedMs = Number.NEGATIVE_INFINITY
  let said: { readonly what: readonly string[]; readonly lingers: boolean } | null = null
  return {
    look: async (registered: Registered, signal: AbortSignal): Promise<void> => {
      if (!hasSurplus(registered, workers)) {
        sinceMs = null
        said = null
        return
      }
      const nowMs = performance.now()
      sinceMs ??= nowMs
      if (nowMs - lookedMs < lookEveryMs && said !== null) return
      lookedMs = nowMs
      const { words, lingers } = await surplusInWords(registered, signal)
      said = { what: [...differences(registered, workers), ...words], lingers }
    },
    /** @param isLate whether the deadline has passed, so that surplus workers did not leave in time */
    failure: (isLate: boolean): FulcrumError | null => {
      if (sinceMs === null || said === null) return null
      if (!isLate && (said.lingers || performance.now() - sinceMs < surplusPatienceMs)) return null
      return new FulcrumError(
        'failed',
        'workers-surplus',
        `${label} has workers in its namespace ${namespace} that Fulcrum did not start: ${said.what.join('; ')}`,
        {
          where: url,
          remedy:
            'End them, or remove DYN_NAMESPACE from deploy.env, so that the run has a namespace of its own. A worker that registers twice needs its own settings corrected.',
        },
      )
    },
  }
}

/**
 * Waits for real completions, requested in the load's form, one after another. Sends as many as the largest role has
 * workers. With round-robin routing, each worker answers one, so no worker gets its first request under load.
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
  const dead = firstFailed(processes)
  return dead === null ? null : processFailure(dead)
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
