import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { generatorOf } from '../../src/generators/index.ts'
import { disk } from '../../src/yaml/files.ts'
import type { Cell } from './cell.ts'
import { cacheFolder } from './clients/cache.ts'
import { fulcrumRun } from './clients/fulcrum.ts'
import { runGuideLlm } from './clients/guidellm.ts'
import { compiler, rawClient } from './clients/raw-c.ts'
import { vllmRs } from './clients/vllm-rs.ts'
import { endpointOf, pointOf } from './point.ts'
import { type ClientReport, type Prepared, reportBy } from './report.ts'

/** A client that can be run on a cell. */
export interface Contestant {
  readonly name: string
  /** In each round; the others take part in the first round and in every fifth after it. */
  readonly always: boolean
  /** The least demanding kind of cell that it takes part in. */
  readonly who: Cell['who']
  prepare(url: string, cell: Cell, signal: AbortSignal): Promise<Prepared>
}

const root = join(import.meta.dirname, '../..')

/**
 * All clients that are installed here. The built-in generator and its strongest peer come first, and always.
 * @param other a second checkout, whose built-in generator and command take part too
 */
export function contestants(other?: string): Contestant[] {
  return [
    node('built-in', 'built-in.ts'),
    ...(other === undefined ? [] : [node('built-in of the other', resolve(other, 'bench/load/clients/built-in.ts'))]),
    ...peer('vllm-rs', program => (url, cell, signal) => vllmRs(program, url, cell, signal), {
      path: 'vllm-rs/vllm-rs',
      ...{ always: true, who: 'many' },
    }),
    { name: 'fulcrum run', always: true, who: 'many', prepare: fulcrumRun(root) },
    ...(other === undefined
      ? []
      : [
          { name: 'fulcrum run of the other', always: true, who: 'many', prepare: fulcrumRun(resolve(other)) } as const,
        ]),
    ...withoutRuntime(),
    { ...node('raw sockets', 'raw.ts', 'sockets'), always: false },
    { ...node('raw undici', 'raw.ts', 'undici'), always: false, who: 'fast' },
    { ...node('raw node:http', 'raw.ts', 'http'), always: false, who: 'fast' },
    ...peer('genai-perf', program =>
      simply((url, cell, signal) => runGenerator('genai-perf', program, url, cell, signal)),
    ),
    ...peer('aiperf', program => simply((url, cell, signal) => runGenerator('aiperf', program, url, cell, signal))),
    ...peer('inference-perf', program =>
      simply((url, cell, signal) => runGenerator('inference-perf', program, url, cell, signal)),
    ),
    ...peer('guidellm', program => simply((url, cell, signal) => runGuideLlm(program, url, cell, signal))),
  ]
}

/** A client whose command is not told from what is around it. */
function simply(run: (url: string, cell: Cell, signal: AbortSignal) => Promise<ClientReport>): Contestant['prepare'] {
  return async (url, cell, signal) => ({
    run: async () => ({ file: '', text: JSON.stringify(await run(url, cell, signal)) }),
    read: ({ text }) => reportOf(text),
    close: async () => {},
  })
}

// JSON writes NaN as null.
const reportOf = (text: string) => JSON.parse(text, (_, value: unknown) => value ?? Number.NaN) as ClientReport

function node(name: string, file: string, ...more: string[]): Contestant {
  const run = async (url: string, cell: Cell, signal: AbortSignal) => {
    const argv = [resolve(import.meta.dirname, 'clients', file), url, JSON.stringify(cell), ...more]
    const { stdout } = await execa(process.execPath, argv, {
      cancelSignal: signal,
      stderr: 'pipe',
      // As `fulcrum` does. Otherwise types are stripped in each run, which takes 0.3 s of CPU on all cores.
      env: { NODE_COMPILE_CACHE: join(await cacheFolder(), 'node') },
    })
    return reportOf(stdout)
  }
  return { name, always: true, who: 'many', prepare: simply(run) }
}

/** The kernel's part of every client's error, where there is a C compiler. */
function withoutRuntime(): Contestant[] {
  if (compiler === null) return []
  return (['wake', 'kernel'] as const).map(stamp => ({
    name: stamp === 'wake' ? 'raw C' : 'raw C kernel stamps',
    always: false,
    who: 'fast',
    prepare: simply((url, cell, signal) => rawClient(url, cell, stamp, signal)),
  }))
}

interface PeerOptions extends Partial<Pick<Contestant, 'always' | 'who'>> {
  readonly path?: string
}

function peer(
  name: string,
  runner: (program: string) => Contestant['prepare'],
  { path = `${name}/bin/${name}`, always = false, who = 'all' }: PeerOptions = {},
): Contestant[] {
  const program = join(root, '.systems', path)
  return existsSync(program) ? [{ name, always, who, prepare: runner(program) }] : []
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
    const api = generatorOf(name)?.capabilities.apis.includes(point.load.api) ? point.load.api : 'completions'
    const whole = { ...point, load: { ...point.load, api, window: 'whole' as const } }
    const measurement = await generator.measure(whole, endpointOf(url), context)
    return reportBy(measurement, '')
  } finally {
    await generator.close()
    await rm(runFolder, { recursive: true, force: true })
  }
}
