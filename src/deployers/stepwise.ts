import { type Deployment, defined, type Endpoint, FulcrumError, type Role, topologyLabel } from '../model/index.ts'
import type { RunningProcess } from '../process/process.ts'
import { type Change, placesOf, type WorkerSlot } from './change.ts'
import { changesUntilClosed } from './changes-until-closed.ts'
import { type DeployContext, type Deployer, type DeployPreview, noRoomLeft, type Reconciled } from './deployer.ts'
import { withItsLog } from './failure.ts'
import type { NodeProblem, Nodes } from './nodes/nodes.ts'
import { misfitOn } from './nodes/placement.ts'
import type { Deadline } from './readiness.ts'

/** A started worker. */
export interface Member extends WorkerSlot {
  /** For a worker on several nodes, the process of rank 0. */
  readonly process: RunningProcess
  /** Processes of all ranks, if each rank has one. */
  readonly ranks?: readonly RunningProcess[]
  /** Whether it is running with all of its parts. */
  fit(): Promise<boolean>
  /** Why it is unfit, with its last lines of output. */
  failure(logLines?: number): FulcrumError
  stop(graceMs: number): Promise<void>
}

/** All processes of a worker. */
export const processesOf = ({ process, ranks }: Pick<Member, 'process' | 'ranks'>): readonly RunningProcess[] =>
  ranks ?? [process]

/** A reconcile in progress. */
export interface Rollout {
  readonly context: DeployContext
  readonly deadline: Deadline
  /** `2P1D`, for messages. */
  readonly label: string
  /** Registers a started process and keeps its log available. */
  started(process: RunningProcess, role?: Role): void
}

/** Steps of a change, as a system implements them. */
export interface Steps<Worker extends Member> {
  /** Smallest change from the running, fit workers. */
  change(running: readonly Worker[]): Change<Worker>
  /**
   * Waits until new workers may start beside those that stay.
   * @param leaving settles when the others have ended; null if there are none
   */
  makeWay(staying: readonly Worker[], leaving: Promise<void> | null): Promise<void>
  start(slot: WorkerSlot): Promise<Worker>
  /** Waits until exactly these workers serve and have answered. */
  answered(workers: readonly Worker[], change: Change<Worker>): Promise<Endpoint>
}

/** Workers and their infrastructure, as far as systems differ from each other. */
export interface System<Worker extends Member> {
  readonly readyTimeoutS: number
  /** @throws FulcrumError bad-input if a deployment cannot run here, regardless of what is running */
  requireFit(wanted: Deployment): void
  /** Where the workers run. */
  readonly nodes: Nodes
  /**
   * Starts the workers' infrastructure and restarts parts that have died. The nodes are reachable at this point.
   * @param anew whether nothing that is running can be trusted
   * @returns whether every worker must be restarted
   */
  open(context: DeployContext, anew: boolean): Promise<boolean>
  steps(wanted: Deployment, rollout: Rollout): Steps<Worker>
  /** Processes of the workers' infrastructure. */
  processes(): readonly RunningProcess[]
  /** Problems of the workers' infrastructure, a sentence each. */
  problems(signal: AbortSignal): Promise<readonly string[]>
  /** Differences between discovery and the running workers, a sentence each. */
  differences(workers: readonly Worker[], signal: AbortSignal): Promise<readonly string[]>
  preview(from: Deployment | null, wanted: Deployment): DeployPreview
  /**
   * Stops the workers' infrastructure. Safe to call twice.
   * @param leaving settles when the workers have ended
   */
  close(leaving: Promise<void>): Promise<void>
}

/** Log lines of a dead process in the result of `check`. */
export const shortLog = 3
/** A worker first finishes open requests, but the sweep has none open when it redeploys. */
const workerGraceMs = 20_000
/** A worker that is replaced after a failure has no work to complete. */
const unfitGraceMs = 3_000

/**
 * A deployer that changes a system in the smallest step: unfit and surplus workers stop, and missing ones start.
 * Closing waits for a change in progress, because it would otherwise miss workers that the change still starts.
 */
export function stepwise<Worker extends Member>(system: System<Worker>): Deployer {
  const { nodes } = system
  let workers: readonly Worker[] = []
  /** Deployment of the last reconcile; null while nothing is running or the last one failed halfway. */
  let serving: Deployment | null = null
  const lastLogs = new Map<string, RunningProcess>()
  const changes = changesUntilClosed()

  async function stop(gone: readonly Worker[], graceMs: number, context: DeployContext): Promise<void> {
    workers = workers.filter(worker => !gone.includes(worker))
    await Promise.all(
      gone.map(async worker => {
        context.onEvent({ kind: 'stop', what: worker.name, role: worker.role, pid: worker.process.pid })
        await worker.stop(graceMs)
      }),
    )
  }

  /** Workers that no longer run, or whose node is unreachable. */
  async function unfitWorkers(): Promise<readonly Worker[]> {
    const fit = await Promise.all(workers.map(worker => worker.fit()))
    const usable = new Set(nodes.hosts().map(({ name }) => name))
    return workers.filter((worker, i) => fit[i] !== true || placesOf(worker).some(({ host }) => !usable.has(host)))
  }

  /** Problem of a node, with the affected workers. */
  function withWorkers({ host, why }: NodeProblem): string {
    const there = workers.flatMap(worker => {
      const places = placesOf(worker)
      const rank = places.findIndex(place => place.host === host)
      if (host === null || rank === -1) return []
      return [places.length === 1 ? worker.name : `rank ${rank} of ${worker.name}`]
    })
    return there.length === 0 ? why : `${why}; it runs ${there.join(', ')}`
  }

  /** @throws FulcrumError failed `no-room-left` if a deployment fits the named nodes, but not the remaining ones */
  async function requireRoomLeft(wanted: Deployment, context: DeployContext): Promise<void> {
    if (nodes.lost().length > 0 && misfitOn(nodes.hosts(), wanted) !== null) await nodes.regain(context)
    const misfit = misfitOn(nodes.hosts(), wanted)
    if (misfit === null) return
    const label = topologyLabel(wanted.topology)
    const why = `${label} does not fit on the remaining nodes: ${misfit}; ${nodes.lost().join('; ')}`
    throw new FulcrumError('failed', noRoomLeft, why, { remedy: 'Bring the lost nodes back, then resume the run.' })
  }

  function rolloutOf(wanted: Deployment, context: DeployContext): Rollout {
    return {
      context,
      deadline: { limitS: system.readyTimeoutS, startedAtMs: performance.now() },
      label: topologyLabel(wanted.topology),
      started: (process, role) => {
        lastLogs.set(process.name, process)
        const what = { what: process.name, pid: process.pid }
        context.onEvent({ kind: 'start', ...what, ...defined({ role }) })
      },
    }
  }

  async function change(wanted: Deployment, context: DeployContext): Promise<Omit<Reconciled, 'elapsedS'>> {
    await nodes.open(context)
    await requireRoomLeft(wanted, context)
    const anew = await system.open(context, serving === null)
    const unfit = anew ? workers : await unfitWorkers()
    serving = null
    await stop(unfit, unfitGraceMs, context)

    // Waiting in a queue for machines does not count towards the deployment's time.
    const rollout = rolloutOf(wanted, context)
    const steps = system.steps(wanted, rollout)
    const step = steps.change(workers)
    const someLeave = step.stop.length + unfit.length > 0
    const leaving = stop(step.stop, workerGraceMs, context)
    try {
      await steps.makeWay(step.keep, someLeave ? leaving : null)
    } finally {
      // Waits for stopped workers to end before anything else happens, even if the others did not start.
      await leaving
    }
    for (const slot of step.start) {
      context.signal.throwIfAborted()
      const worker = await steps.start(slot)
      workers = [...workers, worker]
      for (const process of processesOf(worker)) rollout.started(process, worker.role)
    }
    const endpoint = await steps.answered(workers, step)
    serving = wanted
    return { endpoint, workersStarted: step.start.length, workersStopped: step.stop.length + unfit.length }
  }

  return {
    reconcile: async (wanted, context) => {
      system.requireFit(wanted)
      return changes.run(wanted, context, change)
    },

    check: async signal => {
      if (serving === null) return ['nothing is deployed']
      const [unreachable, beneath, unfit] = await Promise.all([
        nodes.problems(signal),
        system.problems(signal),
        unfitWorkers(),
      ])
      const found = [
        ...unreachable.map(withWorkers),
        ...beneath,
        ...unfit.map(worker => withItsLog(worker.failure(shortLog))),
      ]
      return found.length > 0 ? found : system.differences(workers, signal)
    },

    broken: async () => {
      const parts = [...nodes.processes(), ...system.processes(), ...workers.flatMap(processesOf)]
      await Promise.race(parts.map(({ exited }) => exited))
    },

    preview: system.preview,

    gpuPlaces: () => ({
      holders: workers.flatMap(worker =>
        placesOf(worker).map(({ host, gpus }) => ({ worker: worker.name, role: worker.role, host, gpus })),
      ),
      hosts: [...new Set(workers.flatMap(placesOf).map(({ host }) => host))],
      launcher: nodes.launcher,
    }),

    logs: () => Object.fromEntries([...lastLogs].map(([name, process]) => [name, process.lastLines()])),

    close: async () => {
      await changes.close()
      serving = null
      const leaving = workers
      workers = []
      await system.close(Promise.all(leaving.map(worker => worker.stop(workerGraceMs))).then(() => {}))
      await nodes.close()
    },
  }
}
