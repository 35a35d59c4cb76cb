import { globSync, readFileSync } from 'node:fs'
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aiperf } from '../../src/generators/aiperf/aiperf.ts'
import { genaiPerf } from '../../src/generators/genai-perf/genai-perf.ts'
import type { LoadProgress } from '../../src/generators/generator.ts'
import { inferencePerf } from '../../src/generators/inference-perf/inference-perf.ts'
import { vllmBench } from '../../src/generators/vllm-bench/vllm-bench.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import type { Point } from '../../src/model/index.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { allProcesses } from '../../src/process/proc.ts'
import { endpointAt } from '../generators/programs/program-point.ts'
import { type Behaviour, type Body, startStreamServer } from '../generators/programs/stream-server.ts'

/** What a run of a real program against a misbehaving server came to. */
export interface ProgramRun {
  readonly measurement: Measurement | null
  /** What it failed with; null when it measured. */
  readonly error: FulcrumError | null
  readonly aborted: boolean
  readonly bodies: readonly Body[]
  readonly phases: readonly LoadProgress['phase'][]
  readonly progress: readonly LoadProgress[]
  readonly authorizations: readonly string[]
  /** Paths that requests went to, each once. */
  readonly paths: readonly string[]
  /**
   * Command lines and files that showed the secret of {@link RunOptions.secret} while the program ran, or when it had.
   */
  readonly leaks: readonly string[]
  /** Command lines of processes that the run started and left alive. */
  readonly alive: readonly string[]
}

const systems = join(import.meta.dirname, '../../.systems')

/** Where `npm run systems` puts each program, and what drives it. */
const programs = {
  'genai-perf': { create: genaiPerf, command: join(systems, 'genai-perf/bin/genai-perf') },
  aiperf: { create: aiperf, command: join(systems, 'aiperf/bin/aiperf') },
  'vllm-bench': { create: vllmBench, command: join(systems, 'vllm-rs/vllm-rs') },
  'inference-perf': { create: inferencePerf, command: join(systems, 'inference-perf/bin/inference-perf') },
}

export interface RunOptions {
  readonly signal?: AbortSignal
  readonly dialect?: 'dynamo-0.3' | 'dynamo-1'
  /** Further arguments of the program. */
  readonly args?: readonly string[]
  /** Another program in place of the installed one. */
  readonly command?: string
  /** Sub-path of the endpoint's URL. */
  readonly subPath?: string
  /** A bearer token that the endpoint wants, and the variable that holds it. */
  readonly secret?: { readonly variable: string; readonly value: string }
}

/** Runs an installed program against a server of our own, and looks at what it leaves. */
export async function runRealProgram(
  name: keyof typeof programs,
  point: Point,
  behave: (request: number) => Behaviour,
  options: RunOptions = {},
): Promise<ProgramRun> {
  const runFolder = await mkdtemp(join(tmpdir(), `fulcrum-${name}-`))
  await using server = await startStreamServer(behave)
  const { create, command: installed } = programs[name]
  const command = options.command ?? installed
  const ledger = await openLedger({ runFolder, folder: join(runFolder, 'ledger') })
  const generator = create({ command, args: options.args ?? [], runFolder, ledger: async () => ledger })
  const progress: LoadProgress[] = []
  const { secret } = options
  const leaks = new Set<string>()
  const endpoint = {
    ...endpointAt(`${server.url}${options.subPath ?? ''}`, options.dialect),
    ...(secret === undefined ? {} : { apiKeyEnv: secret.variable }),
  }
  if (secret !== undefined) process.env[secret.variable] = secret.value
  let measurement: Measurement | null = null
  let error: unknown = null
  try {
    measurement = await generator.measure(point, endpoint, {
      signal: options.signal ?? AbortSignal.timeout(90_000),
      folder: join(runFolder, 'points', point.id),
      onProgress: update => {
        progress.push(update)
        if (secret !== undefined) for (const line of commandLinesWith(secret.value)) leaks.add(line)
      },
    })
  } catch (caught) {
    error = caught
  } finally {
    await generator.close()
    ledger.close()
    if (secret !== undefined) delete process.env[secret.variable]
  }
  if (secret !== undefined) for (const file of await filesWith(runFolder, secret.value)) leaks.add(file)
  const alive = await processesMentioning(runFolder)
  await rm(runFolder, { recursive: true, force: true })
  if (error !== null && !(error instanceof FulcrumError) && options.signal?.aborted !== true) throw error
  return {
    measurement,
    error: error instanceof FulcrumError ? error : null,
    aborted: error !== null && !(error instanceof FulcrumError),
    bodies: server.bodies,
    authorizations: server.authorizations,
    paths: [...new Set(server.paths)],
    leaks: [...leaks],
    phases: [...new Set(progress.map(update => update.phase))],
    progress,
    alive,
  }
}

function commandLinesWith(secret: string): string[] {
  return globSync('/proc/[0-9]*/cmdline').flatMap(file => {
    try {
      const line = readFileSync(file, 'utf8')
      return line.includes(secret) ? [line.replaceAll('\0', ' ')] : []
    } catch {
      // It has ended meanwhile.
      return []
    }
  })
}

async function filesWith(folder: string, secret: string): Promise<string[]> {
  const found: string[] = []
  for await (const file of glob(join(folder, '**/*'), { withFileTypes: true })) {
    const path = join(file.parentPath, file.name)
    if (file.isFile() && (await readFile(path)).includes(secret)) found.push(path)
  }
  return found
}

/** The run's folder is on the command line or in the environment (HF_HOME aside) of all that belongs to it. */
async function processesMentioning(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const { pid } of await allProcesses()) {
    if (pid === process.pid) continue
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    const cwd = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (command.includes(folder) || cwd.includes(folder)) found.push(command.replaceAll('\0', ' '))
  }
  return found
}
