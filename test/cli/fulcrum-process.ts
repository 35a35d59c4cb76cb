import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaNode } from 'execa'
import { statOf } from '../../src/process/proc.ts'
import type { RunProgress } from '../../src/runner/run.ts'
import { program } from './fulcrum.ts'

/** A folder for sweep file, results and the state of this test's Fulcrums alone. */
export interface Workplace extends AsyncDisposable {
  readonly folder: string
  readonly sweepFile: string
  /** Where its Fulcrums keep the ledgers of their processes. */
  readonly state: string
  /** Temporary files of its Fulcrums, and of what they started; Node's cache of compiled modules is not listed. */
  temporaryFiles(): Promise<readonly string[]>
  /** Starts `fulcrum …` there; add `--json` to read its messages. */
  start(...args: string[]): FulcrumProcess
  /** Processes that this workplace's Fulcrums have recorded as started and not seen end. */
  recorded(): Promise<readonly { readonly name: string; readonly pid: number }[]>
}

export interface FulcrumProcess {
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  /** The next progress message that fits; rejects when the process ends first. */
  progress(fits: (progress: RunProgress) => boolean): Promise<RunProgress>
  ended(): Promise<{ readonly exitCode: number | undefined; readonly stdout: string; readonly stderr: string }>
}

export async function workplace(sweep: string): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-cli-'))
  const sweepFile = join(folder, 'sweep.yaml')
  const state = join(folder, 'state')
  // Short, because it holds sockets.
  const temporary = join(folder, 't')
  await mkdir(temporary)
  await writeFile(sweepFile, sweep)
  return {
    folder,
    sweepFile,
    state,
    temporaryFiles: async () =>
      (await readdir(temporary, { recursive: true })).filter(name => !name.startsWith('node-compile-cache')),
    start: (...args) => startFulcrum(args, folder, { FULCRUM_STATE_DIR: state, TMPDIR: temporary }),
    recorded: () => recordedIn(join(state, 'processes')),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

function startFulcrum(args: readonly string[], cwd: string, env: { readonly [name: string]: string }): FulcrumProcess {
  // By default, execa kills what has not ended 5 s after SIGTERM, and ending workers takes Fulcrum longer.
  const child = execaNode(program, args, {
    ...{ cwd, reject: false, env, stdin: 'ignore' },
    forceKillAfterDelay: false,
  })
  const lines = child.iterable()[Symbol.asyncIterator]()
  return {
    pid: child.pid ?? 0,
    kill: signal => void child.kill(signal),
    async progress(fits) {
      for (let next = await lines.next(); !next.done; next = await lines.next()) {
        const message = JSON.parse(next.value) as RunProgress & { type: string }
        if (message.type === 'progress' && fits(message)) return message
      }
      const { stdout, stderr } = await child
      throw new Error(`fulcrum ended first: ${stdout.slice(-2000)}\n${stderr}`)
    },
    async ended() {
      const { exitCode, stdout, stderr } = await child
      return { exitCode, stdout, stderr }
    },
  }
}

async function recordedIn(folder: string): Promise<readonly { name: string; pid: number }[]> {
  const names = (await readdir(folder).catch(() => [])).filter(name => name.endsWith('.json'))
  const ledgers = await Promise.all(names.map(async name => JSON.parse(await readFile(join(folder, name), 'utf8'))))
  return ledgers.flatMap(ledger => ledger.processes)
}

/** The one run folder of a sweep under `results/`. */
export async function onlyRun(place: Workplace, sweep: string): Promise<string> {
  const parent = join(place.folder, 'results', sweep)
  const names = await readdir(parent)
  if (names.length !== 1) throw new Error(`expected one run in ${parent}, found ${names.join(', ')}`)
  return join(parent, names[0] ?? '')
}

/** Those of the recorded processes that still run; ended ones that wait to be collected do not. */
export async function stillRunning<T extends { readonly pid: number }>(recorded: readonly T[]): Promise<readonly T[]> {
  const states = await Promise.all(recorded.map(({ pid }) => statOf(pid)))
  return recorded.filter((_, i) => states[i] !== null)
}
