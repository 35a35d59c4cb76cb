import type { RunningProcess } from '../../process/process.ts'
import type { DeployContext, DeployEvent, PlannedCommand } from '../deployer.ts'
import { underGuard } from '../launch/guard.ts'
import { type Launch, type Launcher, onThisMachine, type Task } from '../launch/launcher.ts'
import { freePort } from '../ports.ts'
import type { RuntimeConfig } from './keys.ts'
import type { Host } from './placement.ts'

/** Where other processes reach a process. */
export interface Reach {
  readonly address: string
  /** Network interface with that address, for Dynamo's response stream; null to let Dynamo choose. */
  readonly networkInterface: string | null
}

/** One node's part of a worker. */
export interface RankTask {
  readonly host: string
  readonly task: Task
}

/** Problem of a machine. */
export interface NodeProblem {
  /** Null if it does not concern a single machine. */
  readonly host: string | null
  /** A sentence that names the machine. */
  readonly why: string
}

/** Event for a lost machine. `why` may begin with its name, as in {@link NodeProblem}; the event contains it once. */
export function lossOf(what: string, why: string): DeployEvent {
  const reason = why.startsWith(`${what}: `)
    ? why.slice(what.length + 2)
    : why.startsWith(`${what} `)
      ? `it ${why.slice(what.length + 1)}`
      : why
  return { kind: 'lost', what, why: reason.replace(/\.$/, '') }
}

/** Machines of a deployment: connects to them, monitors them and releases them. */
export interface Nodes {
  /** Folder for workers' files on their machines; null for the run's folder. */
  readonly fileFolder: string | null
  /** All possible hosts of workers; placeholders until the machines are known. */
  readonly named: readonly Host[]
  /** The usable hosts. */
  hosts(): readonly Host[]
  /** Machines that were reachable and no longer are, one sentence each. They get no workers. */
  lost(): readonly string[]
  /**
   * Ensures that every machine is usable; keeps existing connections. A machine that was reachable and cannot be
   * reached again is lost. This is reported without an error.
   * @throws FulcrumError environment, naming the unusable machine
   */
  open(context: DeployContext): Promise<void>
  /** Tries to recover or replace lost machines; those that cannot be recovered stay lost. */
  regain(context: DeployContext): Promise<void>
  reach(host: string | null): Reach
  launcher(host: string | null): Launcher
  /**
   * Starts a worker's ranks together with one program of the machines. Without it, each rank is started separately, and
   * MPI has no launcher.
   */
  gang?(name: string, ranks: readonly RankTask[], tasksPerNode: number, isMpi: boolean): Launch
  /** A free port on a machine. */
  freePort(host: string | null): Promise<number>
  /** Processes that keep the machines reachable. */
  processes(): readonly RunningProcess[]
  /** Problems of machines or their connections; lost machines are not included. */
  problems(signal: AbortSignal): Promise<readonly NodeProblem[]>
  /** Commands that opening runs. */
  preview(): readonly PlannedCommand[]
  /** Safe to call twice. */
  close(): Promise<void>
}

/** How processes on this machine reach each other. */
export const loopback: Reach = { address: '127.0.0.1', networkInterface: 'lo' }

/** Configuration of this machine. */
interface HereConfig {
  readonly gpus?: readonly number[] | undefined
  readonly container?: RuntimeConfig | undefined
}

/** GPUs of this machine that a configuration assigns. */
export function hostsHere(config: HereConfig): readonly Host[] {
  return [{ name: null, gpus: config.gpus ?? null, maxWorkers: null }]
}

/** This machine alone, with workers as processes or in containers. */
export function thisMachine(config: HereConfig, namespace = ''): Nodes {
  return {
    fileFolder: null,
    named: hostsHere(config),
    hosts: () => hostsHere(config),
    lost: () => [],
    open: async () => {},
    regain: async () => {},
    reach: () => loopback,
    launcher: () => launcherHere(config.container, namespace),
    freePort: () => freePort(),
    processes: () => [],
    problems: async () => [],
    preview: () => [],
    close: async () => {},
  }
}

function launcherHere(container: RuntimeConfig | undefined, namespace: string): Launcher {
  return container === undefined ? onThisMachine : underGuard({ container, namespace, unset: [] })
}

/** Other machines together with this one, on which tasks run under guard in the same way. */
export function besideThisMachine(others: Nodes, config: HereConfig, namespace: string): Nodes {
  const here = underGuard({ container: config.container ?? null, namespace, unset: [] })
  return {
    ...others,
    named: [...hostsHere(config), ...others.named],
    hosts: () => [...hostsHere(config), ...others.hosts()],
    launcher: host => (host === null ? here : others.launcher(host)),
    freePort: host => (host === null ? freePort() : others.freePort(host)),
  }
}
