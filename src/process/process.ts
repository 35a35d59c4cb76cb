import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { defined, FulcrumError, redactArguments, redactor } from '../model/index.ts'
import { type LedgerEntry, ownerVariable, type ProcessLedger } from './ledger.ts'
import { openLog } from './log.ts'
import { groupMembers, identityOf, sendSignal } from './proc.ts'

/** A process to start. */
export interface ProcessSpec {
  /** Unique among the running processes: `frontend`, `prefill-0`, `etcd`. */
  readonly name: string
  readonly argv: readonly [program: string, ...args: string[]]
  /** Variables in addition to the inherited environment. */
  readonly env: { readonly [name: string]: string }
  readonly cwd: string
  readonly logFile: string
  /** If set, the process gets a standard input, and the lines of its standard output go here instead of to the log. */
  readonly onStdoutLine?: (line: string) => void
  /**
   * How it is asked to end: by SIGTERM to its group, or by closing its standard input. The latter is for programs that
   * run others elsewhere and would leave those behind. Default: `signal`.
   */
  readonly endsBy?: 'signal' | 'stdin'
  /** The machine on which the program actually runs, if it is not this one. */
  readonly host?: string
  /** Detects in a line of its output that a part of the program has failed. The rest may take a while to end. */
  readonly partFailedIn?: (line: string) => FailedPart | null
}

/** A part of a program that has failed, such as one rank of several. */
export interface FailedPart {
  /** `rank 1 on node2: Killed`. */
  readonly what: string
  /** Whether a line of the program's output is from this part. */
  isFrom(line: string): boolean
}

/** How a process ended. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A started process and its process group. */
export interface RunningProcess {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** The machine on which the program actually runs, if it is not this one. */
  readonly host?: string
  alive(): boolean
  /** Its first part that failed, even if the process itself still runs. */
  failedPart?(): FailedPart | null
  /** Null while it runs. */
  exit(): ProcessExit | null
  readonly exited: Promise<ProcessExit>
  /** When it ended, on the clock of `performance.now()` (ms); null while it runs. */
  endedAtMs?(): number | null
  /** Writes a line to its standard input, if it has one. */
  send(line: string): void
  /** Last lines of its output, with secrets hidden. */
  lastLines(): readonly string[]
  /**
   * Sends SIGTERM to the group (or closes its standard input, then sends SIGTERM), and SIGKILL after `graceMs`.
   * Resolves once the whole group is gone. Safe to call twice.
   */
  stop(graceMs?: number): Promise<void>
}

const defaultGraceMs = 10_000
/** Time that a killed process may take to disappear, ms: a GPU worker releases its memory first. */
const killLimitMs = 30_000

/**
 * Starts a program in its own process group, without a shell, and records it in the ledger.
 * @throws FulcrumError environment `program-not-started` if the program does not exist or cannot be run;
 *   `state-folder-not-writable` if it cannot be recorded
 */
export async function startProcess(spec: ProcessSpec, ledger: ProcessLedger): Promise<RunningProcess> {
  const [program, ...args] = spec.argv
  const hide = redactor({ ...process.env, ...spec.env })
  const piped = spec.onStdoutLine !== undefined
  ledger.open()
  // Not execa, which takes 0.05 s of CPU to load.
  const child: ChildProcess = spawn(program, args, {
    cwd: spec.cwd,
    env: { ...process.env, ...spec.env, [ownerVariable]: `${ledger.id}/${spec.name}` },
    stdio: [piped || spec.endsBy === 'stdin' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const pid = child.pid ?? (await notStarted(spec, child))
  child.on('error', () => {})
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  let failedPart: FailedPart | null = null
  const watchLine = (line: string) => {
    failedPart ??= spec.partFailedIn?.(line) ?? null
  }
  const log = openLog(spec.logFile, hide, watchLine)
  if (child.stdout !== null) log.follow(child.stdout, spec.onStdoutLine)
  if (child.stderr !== null) log.follow(child.stderr)
  child.stdin?.on('error', () => {})

  let exit: ProcessExit | null = null
  let endedAtMs: number | null = null
  const exited = ended.then(([code, signal]): ProcessExit => {
    exit = { code, signal }
    endedAtMs = performance.now()
    return exit
  })
  const entry: LedgerEntry = {
    ...(await identityOf(pid)),
    name: spec.name,
    argv: redactArguments(spec.argv, hide),
    cwd: spec.cwd,
    runFolder: ledger.runFolder,
    startedAt: new Date().toISOString(),
  }
  try {
    ledger.add(entry)
  } catch (error) {
    sendSignal(-pid, 'SIGKILL')
    throw error
  }

  // Once the whole group is gone, other processes can get its number, so the ledger forgets it immediately.
  void exited.then(async () => {
    if ((await groupMembers(pid)).length === 0) ledger.remove(entry)
  })

  async function stopGroup(graceMs: number): Promise<void> {
    if (spec.endsBy === 'stdin') {
      child.stdin?.end()
      await groupGone(pid, graceMs)
    }
    sendSignal(-pid, 'SIGTERM')
    if (!(await groupGone(pid, graceMs))) {
      sendSignal(-pid, 'SIGKILL')
      await groupGone(pid, killLimitMs)
    }
    await exited
    ledger.remove(entry)
    await log.close()
  }

  let stopping: Promise<void> | null = null
  return {
    name: spec.name,
    pid,
    logFile: spec.logFile,
    ...defined({ host: spec.host }),
    alive: () => exit === null,
    failedPart: () => failedPart,
    exit: () => exit,
    exited,
    endedAtMs: () => endedAtMs,
    send: line => void child.stdin?.write(`${line}\n`),
    lastLines: log.lastLines,
    stop: (graceMs = defaultGraceMs) => {
      stopping ??= stopGroup(graceMs)
      return stopping
    },
  }
}

/** `exited with code 1`, `was killed by SIGKILL`: for messages. */
export function describeExit({ code, signal }: ProcessExit): string {
  return signal === null ? `exited with code ${code}` : `was killed by ${signal}`
}

/** Waits until no member of a group is running. */
async function groupGone(group: number, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    if ((await groupMembers(group)).length === 0) return true
    if (performance.now() >= deadline) return false
    await sleep(pauseMs)
  }
}

async function notStarted(spec: ProcessSpec, child: ChildProcess): Promise<never> {
  const [cause] = await once(child, 'error')
  const why = cause instanceof Error ? cause.message : 'the system refused'
  throw new FulcrumError('environment', 'program-not-started', `Could not start ${spec.name}: ${why}`, {
    where: spec.argv[0],
    remedy: 'Check that the program is installed and the path is right.',
  })
}
