import type { RunningProcess } from '../../process/process.ts'
import type { DeployContext, DeployEvent, PlannedCommand } from '../deployer.ts'
import { underGuard } from '../launch/guard.ts'
import { type Launch, type Launcher, onThisMachine, type Task } from '../launch/launcher.ts'
import { freePort } from '../ports.ts'
import type { RuntimeConfig } from './keys.ts'
import type { Host } from './placement.ts'

/** Where the others reach a process. */
export interface Reach {
  readonly address: string
  /**
   * The network interface with that address, as Dynamo's response stream wants it; null leaves the choice to Dynamo.
   */
  readonly networkInterface: string | null
}

/** One node's part of a worker. */
export interface RankTask {
  readonly host: string
  readonly task: Task
}

/** What is wrong with a machine. */
export interface NodeProblem {
  /** Null if no single machine is concerned. */
  readonly host: string | null
  /** A sentence that names it. */
  readonly why: string
}

/** Tells that a machine is lost. `why` may begin with its name, as a {@link NodeProblem} does; the event says it once. */
export function lossOf(what: string, why: string): DeployEvent {
  const reason = why.startsWith(`${what}: `)
    ? why.slice(what.length + 2)
    : why.startsWith(`${what} `)
      ? `it ${why.slice(what.length + 1)}`
      : why
  return { kind: 'lost', what, why: reason.replace(/\.$/, '') }
}

/** The machines of a deployment: brought within reach, watched, and let go of. */
export interface Nodes {
  /** Where workers' files are written on their machines; null for the run's own folder. */
  readonly fileFolder: string | null
  /** All that workers may be placed on; placeholders as long as nobody has said which machines those are. */
  readonly named: readonly Host[]
  /** Those of them that can be used. */
  hosts(): readonly Host[]
  /** Those that were within reach and are no more, a sentence each: nothing is placed on them. */
  lost(): readonly string[]
  /**
   * Makes sure that every machine can be used; what is within reach already stays as it is. A machine that was within
   * reach and can't be reached again is lost, which is told and no error.
   * @throws FulcrumError environment, naming the machine that can't be used
   */
  open(context: DeployContext): Promise<void>
  /** Tries to have lost machines again, or others in their place; what can't be had stays lost. */
  regain(context: DeployContext): Promise<void>
  reach(host: string | null): Reach
  launcher(host: string | null): Launcher
  /**
   * Starts the ranks of a worker together by one program that the machines have for that. Without it each rank is
   * started by itself, and MPI has nobody to launch it.
   */
  gang?(name: string, ranks: readonly RankTask[], tasksPerNode: number, isMpi: boolean): Launch
  /** A port on a machine that nothing listens on. */
  freePort(host: string | null): Promise<number>
  /** The processes that keep the machines within reach. */
  processes(): readonly RunningProcess[]
  /** What is wrong with machines or the way to them; those that are lost are done without. */
  problems(signal: AbortSignal): Promise<readonly NodeProblem[]>
  /** What opening runs. */
  preview(): readonly PlannedCommand[]
  /** Safe to call twice. */
  close(): Promise<void>
}

export const loopback: Reach = { address: '127.0.0.1', networkInterface: 'lo' }

/** What a configuration says of this machine. */
interface HereConfig {
  readonly gpus?: readonly number[] | undefined
  readonly container?: RuntimeConfig | undefined
}

/** What a configuration hands out of this machine. */
export function hostsHere(config: HereConfig): readonly Host[] {
  return [{ name: null, gpus: config.gpus ?? null, maxWorkers: null }]
}

/** This machine alone, with workers as they are or in containers. */
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

/** Other machines and this one beside them, where tasks run under guard as they do there. */
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
