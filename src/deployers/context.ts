import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Asking } from '../generators/probe.ts'
import type { Endpoint } from '../model/index.ts'
import type { ProcessLedger } from '../process/ledger.ts'
import { type RunningProcess, startProcess } from '../process/process.ts'
import type { DeployContext } from './deployer.ts'
import { freePort } from './ports.ts'
import { answeredBy } from './readiness.ts'

/** A program that a deployer starts. */
export interface StartedProgram {
  /** Unique among the processes that run now. */
  readonly name: string
  readonly argv: readonly [program: string, ...args: string[]]
  /** Variables beyond the inherited environment. */
  readonly env?: { readonly [name: string]: string }
  /** Default: the working directory. */
  readonly cwd?: string
}

/** How long to wait for an answer, and for whom. */
export interface AnswerWait {
  /** Processes that have to stay alive meanwhile. */
  readonly processes: readonly RunningProcess[]
  /** Seconds. */
  readonly timeoutS: number
  /** What is waited for, as messages call it: `agg x1`. */
  readonly label: string
}

/**
 * What a deployer works with beside its configuration.
 *
 * @example
 * ```ts
 * import type { DeployerContext } from 'fulcrum'
 *
 * export const startServer = async ({ start, freePort }: DeployerContext, binary: string) =>
 *   start({ name: 'server', argv: [binary, '--port', String(await freePort())] })
 * ```
 */
export interface DeployerContext {
  /** Name that requests carry. */
  readonly model: string
  /** Logs and other files go into its `deploy` folder; nothing is written before the first reconcile. */
  readonly runFolder: string
  /** Where started processes are recorded, so that what a killed Fulcrum leaves behind is found and ended. */
  readonly ledger: ProcessLedger
  /** How the load will ask. */
  readonly ask: Asking
  /** Whether every prompt consists of words that are one token each, as the built-in generator makes them. */
  readonly wordPrompts: boolean
  /** A port on loopback that nothing listens on. */
  freePort(): Promise<number>
  /**
   * Starts a program in a process group of its own, recorded in the ledger; what it prints goes to
   * `deploy/logs/NAME.log` of the run.
   * @throws FulcrumError environment `program-not-started`
   */
  start(program: StartedProgram): Promise<RunningProcess>
  /**
   * Waits until an endpoint has answered a request like the load's.
   * @throws FulcrumError failed when a process ends first, or `deployment-not-ready` at the deadline, with the last
   *   lines of the logs
   */
  answered(endpoint: Endpoint, wait: AnswerWait, context: DeployContext): Promise<void>
}

/** What the shipped deployers use of it; load asks for streamed chat unless told otherwise. */
export type DeployerOptions = Pick<DeployerContext, 'model' | 'runFolder' | 'ledger'> &
  Partial<Pick<DeployerContext, 'ask' | 'wordPrompts'>>

/** Completes what a deployer works with. */
export function deployerContext(options: Required<DeployerOptions>): DeployerContext {
  const logFolder = join(resolve(options.runFolder), 'deploy', 'logs')
  return {
    ...options,
    freePort,
    start: async ({ name, argv, env = {}, cwd = process.cwd() }) => {
      await mkdir(logFolder, { recursive: true })
      return startProcess({ name, argv, env, cwd, logFile: join(logFolder, `${name}.log`) }, options.ledger)
    },
    answered: (endpoint, { processes, timeoutS, label }, context) => {
      const deadline = { limitS: timeoutS, startedAtMs: performance.now() }
      return answeredBy(processes, endpoint, { url: endpoint.url, deadline, label, context, ask: options.ask })
    },
  }
}
