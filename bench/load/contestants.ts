import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { generatorOf } from '../../src/generators/index.ts'
import { disk } from '../../src/yaml/files.ts'
import type { Cell } from './cell.ts'
import { runGuideLlm } from './clients/guidellm.ts'
import { compiler, rawClient } from './clients/raw-c.ts'
import { endpointOf, pointOf } from './point.ts'
import type { ClientReport } from './report.ts'

/** A client that can be run on a cell. */
export interface Contestant {
  readonly name: string
  /** Somebody else's load generator. */
  readonly peer: boolean
  run(url: string, cell: Cell, signal: AbortSignal): Promise<ClientReport>
}

const root = join(import.meta.dirname, '../..')

/** All clients that are installed here. */
export function contestants(): Contestant[] {
  return [
    node('built-in', 'built-in.ts'),
    node('raw sockets', 'raw.ts', 'sockets'),
    node('raw undici', 'raw.ts', 'undici'),
    node('raw node:http', 'raw.ts', 'http'),
    ...withoutRuntime(),
    ...peer('genai-perf', program => (url, cell, signal) => runGenerator('genai-perf', program, url, cell, signal)),
    ...peer('aiperf', program => (url, cell, signal) => runGenerator('aiperf', program, url, cell, signal)),
    ...peer('vllm-bench', program => (url, cell, signal) => runGenerator('vllm-bench', program, url, cell, signal), {
      path: 'vllm-rs/vllm-rs',
    }),
    ...peer('guidellm', program => (url, cell, signal) => runGuideLlm(program, url, cell, signal)),
  ]
}

function node(name: string, file: string, ...more: string[]): Contestant {
  return {
    name,
    peer: false,
    run: async (url, cell, signal) => {
      const argv = [join(import.meta.dirname, 'clients', file), url, JSON.stringify(cell), ...more]
      const { stdout } = await execa(process.execPath, argv, { cancelSignal: signal, stderr: 'pipe' })
      // JSON writes NaN as null.
      return JSON.parse(stdout, (_, value: unknown) => value ?? Number.NaN) as ClientReport
    },
  }
}

/** The kernel's part of every client's error, where there is a C compiler. */
function withoutRuntime(): Contestant[] {
  if (compiler === null) return []
  return (['wake', 'kernel'] as const).map(stamp => ({
    name: stamp === 'wake' ? 'raw C' : 'raw C kernel stamps',
    peer: false,
    run: (url, cell, signal) => rawClient(url, cell, stamp, signal),
  }))
}

function peer(
  name: string,
  runner: (program: string) => Contestant['run'],
  { path = `${name}/bin/${name}` } = {},
): Contestant[] {
  const program = join(root, '.systems', path)
  return existsSync(program) ? [{ name, peer: true, run: runner(program) }] : []
}

/** Drives a peer with Fulcrum's driver; the figures are read from the peer's own record. */
async function runGenerator(
  name: string,
  command: string,
  url: string,
  cell: Cell,
  signal: AbortSignal,
): Promise<ClientReport> {
  const runFolder = await mkdtemp(join(tmpdir(), `fulcrum-${name}-`))
  const context = { report: () => {}, folder: root, files: disk }
  const generator = generatorOf(name)?.configure({ command, args: [] }, context).create({ runFolder })
  if (generator === undefined) throw new Error(`no generator ${name}`)
  try {
    const context = { signal, folder: join(runFolder, 'points/p'), onProgress: () => {} }
    const point = pointOf(cell, name)
    // The truth is of all requests: so is every client's figure.
    const whole = { ...point, load: { ...point.load, window: 'whole' as const } }
    const measurement = await generator.measure(whole, endpointOf(url), context)
    return {
      ttftMeanMs: measurement.ttftMs?.mean ?? Number.NaN,
      ttftP99Ms: measurement.ttftMs?.p99 ?? Number.NaN,
      itlMeanMs: measurement.itlMs?.mean ?? Number.NaN,
      durationS: measurement.durationS,
      completed: measurement.requests.completed,
      loadCpuS: Number.NaN,
      says: '',
    }
  } finally {
    await generator.close()
    await rm(runFolder, { recursive: true, force: true })
  }
}
