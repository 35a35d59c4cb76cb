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
  /** Unique among the running processes. */
  readonly name: string
  readonly argv: readonly [program: string, ...args: string[]]
  /** Variables in addition to the inherited environment. */
  readonly env?: { readonly [name: string]: string }
  /** Default: the working directory. */
  readonly cwd?: string
}

/** Deadline of an answer, and the processes to watch. */
export interface AnswerWait {
  /** Processes that must keep running. */
  readonly processes: readonly RunningProcess[]
  /** Seconds. */
  readonly timeoutS: number
  /** Name of the deployment in messages: `agg x1`. */
  readonly label: string
}

/**
 * What a deployer works with in addition to its configuration.
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
  /** Model name in requests. */
  readonly model: string
  /** Logs and other files go into its `deploy` folder. Nothing is written before the first reconcile. */
  readonly runFolder: string
  /** Record of started processes. With it, Fulcrum finds and ends them after it was killed. */
  readonly ledger: ProcessLedger
  /** How the load sends requests. */
  readonly ask: Asking
  /** Whether every prompt consists of words of one token each, as in the built-in generator's prompts. */
  readonly wordPrompts: boolean
  /** A free port on loopback. */
  freePort(): Promise<number>
  /**
   * Starts a program in its own process group, recorded in the ledger. Its output goes to `deploy/logs/NAME.log` of the
   * run.
   * @throws FulcrumError environment `program-not-started`
   */
  start(program: StartedProgram): Promise<RunningProcess>
  /**
   * Waits until an endpoint answers a request like those of the load.
   * @throws FulcrumError failed if a process ends first, or `deployment-not-ready` at the deadline, with the last lines
   *   of the logs
   */
  answered(endpoint: Endpoint, wait: AnswerWait, context: DeployContext): Promise<void>
}

/** The part of the context that the built-in deployers use. By default, the load uses streamed chat. */
export type DeployerOptions = Pick<DeployerContext, 'model' | 'runFolder' | 'ledger'> &
  Partial<Pick<DeployerContext, 'ask' | 'wordPrompts'>>

/** Completes the context of a deployer. */
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
