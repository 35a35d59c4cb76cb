import { type Deployment, type Endpoint, FulcrumError, type Role, topologyLabel } from '../model/index.ts'
import type { RunningProcess } from '../process/process.ts'
import { type Change, placesOf, type WorkerSlot } from './change.ts'
import { changesUntilClosed } from './changes-until-closed.ts'
import { type DeployContext, type Deployer, type DeployPreview, noRoomLeft, type Reconciled } from './deployer.ts'
import { withItsLog } from './failure.ts'
import type { NodeProblem, Nodes } from './nodes/nodes.ts'
import { misfitOn } from './nodes/placement.ts'
import type { Deadline } from './readiness.ts'

/** A worker that was started. */
export interface Member extends WorkerSlot {
  /** Of a worker on several nodes that of rank 0. */
  readonly process: RunningProcess
  /** Those of all ranks, where each is a process. */
  readonly ranks?: readonly RunningProcess[]
  /** Whether it runs with all that belongs to it. */
  fit(): Promise<boolean>
  /** Why it is not fit, with its last words. */
  failure(logLines?: number): FulcrumError
  stop(graceMs: number): Promise<void>
}

/** Every process of a worker. */
export const processesOf = ({ process, ranks }: Pick<Member, 'process' | 'ranks'>): readonly RunningProcess[] =>
  ranks ?? [process]

/** A reconcile in progress. */
export interface Rollout {
  readonly context: DeployContext
  readonly deadline: Deadline
  /** `2P1D`, for messages. */
  readonly label: string
  /** Tells of a process that was started, and keeps its log within reach. */
  started(process: RunningProcess, role?: Role): void
}

/** What a system does at each step of a change. */
export interface Steps<Worker extends Member> {
  /** The smallest change from the workers that run and are fit. */
  change(running: readonly Worker[]): Change<Worker>
  /**
   * Waits until new workers may start beside those that stay.
   * @param leaving settles when the others have ended; null when there are none
   */
  makeWay(staying: readonly Worker[], leaving: Promise<void> | null): Promise<void>
  start(slot: WorkerSlot): Promise<Worker>
  /** Waits until exactly these workers serve, and have answered. */
  answered(workers: readonly Worker[], change: Change<Worker>): Promise<Endpoint>
}

/** Workers and what they stand on, as far as one kind of system differs from others. */
export interface System<Worker extends Member> {
  readonly readyTimeoutS: number
  /** @throws FulcrumError bad-input when a deployment can't run here, whatever runs already */
  requireFit(wanted: Deployment): void
  /** Where the workers run. */
  readonly nodes: Nodes
  /**
   * Brings up what workers stand on, and repairs what has died of it; the nodes are within reach.
   * @param anew nothing that runs can be relied on
   * @returns whether every worker has to be started anew
   */
  open(context: DeployContext, anew: boolean): Promise<boolean>
  steps(wanted: Deployment, rollout: Rollout): Steps<Worker>
  /** The processes that the workers stand on. */
  processes(): readonly RunningProcess[]
  /** What is wrong with what the workers stand on, a sentence each. */
  problems(signal: AbortSignal): Promise<readonly string[]>
  /** Where discovery differs from the workers that run, a sentence each. */
  differences(workers: readonly Worker[], signal: AbortSignal): Promise<readonly string[]>
  preview(from: Deployment | null, wanted: Deployment): DeployPreview
  /**
   * Stops what the workers stand on. Safe to call twice.
   * @param leaving settles when the workers have ended
   */
  close(leaving: Promise<void>): Promise<void>
}

/** Log lines of a dead process in what `check` says. */
export const shortLog = 3
/** A worker finishes open requests first; the sweep has none open when it redeploys. */
const workerGraceMs = 20_000
/** A worker that is replaced because something failed has nothing worth finishing. */
const unfitGraceMs = 3_000

/**
 * A deployer that changes a system by the smallest step: what is unfit goes, what is surplus goes, what is missing
 * comes. Closing waits for the change under way, for what that still starts would be missed.
 */
export function stepwise<Worker extends Member>(system: System<Worker>): Deployer {
  const { nodes } = system
  let workers: readonly Worker[] = []
  /** What the last reconcile asked for; null while nothing is up or the last one failed half-way. */
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

  /** Those that don't run any more, or run where nobody can reach them. */
  async function unfitWorkers(): Promise<readonly Worker[]> {
    const fit = await Promise.all(workers.map(worker => worker.fit()))
    const usable = new Set(nodes.hosts().map(({ name }) => name))
    return workers.filter((worker, i) => fit[i] !== true || placesOf(worker).some(({ host }) => !usable.has(host)))
  }

  /** What is wrong with a node, and which workers it concerns. */
  function withWorkers({ host, why }: NodeProblem): string {
    const there = workers.flatMap(worker => {
      const places = placesOf(worker)
      const rank = places.findIndex(place => place.host === host)
      if (host === null || rank === -1) return []
      return [places.length === 1 ? worker.name : `rank ${rank} of ${worker.name}`]
    })
    return there.length === 0 ? why : `${why}; it runs ${there.join(', ')}`
  }

  /**
   * @throws FulcrumError failed `no-room-left` when a deployment fits on the nodes that were named, and not on what is
   * left
   */
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
        context.onEvent({ kind: 'start', ...what, ...(role === undefined ? {} : { role }) })
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

    // A wait in a queue for machines is not the deployment's.
    const rollout = rolloutOf(wanted, context)
    const steps = system.steps(wanted, rollout)
    const step = steps.change(workers)
    const someLeave = step.stop.length + unfit.length > 0
    const leaving = stop(step.stop, workerGraceMs, context)
    try {
      await steps.makeWay(step.keep, someLeave ? leaving : null)
    } finally {
      // What goes is gone before anything else happens, even when the others did not come up.
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
