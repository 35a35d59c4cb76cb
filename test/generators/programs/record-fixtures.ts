/**
 * Records what the real programs write, for tests that read it without running them: see fixtures/README.md.
 *
 *   node test/generators/programs/record-fixtures.ts [NAME…]      needs scripts/install-systems.ts to have run
 */
import { cp, glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aiperf } from '../../../src/generators/aiperf/aiperf.ts'
import { genaiPerf } from '../../../src/generators/genai-perf/genai-perf.ts'
import { inferencePerf } from '../../../src/generators/inference-perf/inference-perf.ts'
import { openLedger } from '../../../src/process/ledger.ts'
import { endpointAt, programPoint } from './program-point.ts'
import { type Behaviour, startStreamServer } from './stream-server.ts'

const systems = join(import.meta.dirname, '../../../.systems')
const fixtures = join(import.meta.dirname, 'fixtures')

const programs = { 'genai-perf': genaiPerf, aiperf, 'inference-perf': inferencePerf }

/** Files to keep of one run, by pattern below the point's folder. */
interface Recording {
  readonly name: string
  readonly program: keyof typeof programs
  readonly behave: (request: number) => Behaviour
  readonly keep: readonly string[]
}

const genaiPerfFiles = [
  'genai-perf/*/profile_export.json',
  'genai-perf/*/profile_export_genai_perf.json',
  'genai-perf/*/profile_export_genai_perf.csv',
]
const inferencePerfFiles = ['per_request', 'summary'].map(
  name => `inference-perf/reports/${name}_lifecycle_metrics.json`,
)
const aiperfFiles = ['aiperf/profile_export.jsonl', 'aiperf/profile_export_aiperf.json']

const recordings: readonly Recording[] = [
  { name: 'genai-perf-ok', program: 'genai-perf', behave: () => 'answer', keep: genaiPerfFiles },
  {
    name: 'genai-perf-cut',
    program: 'genai-perf',
    behave: request => (request === 5 ? 'cut-before-colon' : 'answer'),
    keep: ['genai-perf/*/profile_export.json', 'genai-perf/genai-perf.log'],
  },
  {
    name: 'genai-perf-500',
    program: 'genai-perf',
    behave: request => (request > 3 ? 'http-500' : 'answer'),
    keep: ['genai-perf/genai-perf.log'],
  },
  {
    name: 'genai-perf-reset',
    program: 'genai-perf',
    behave: request => (request > 3 ? 'reset' : 'answer'),
    keep: ['genai-perf/genai-perf.log'],
  },
  { name: 'aiperf-ok', program: 'aiperf', behave: () => 'answer', keep: aiperfFiles },
  {
    name: 'aiperf-fifth-failed',
    program: 'aiperf',
    behave: request => (request % 5 === 0 ? 'http-500' : 'answer'),
    keep: aiperfFiles,
  },
  {
    name: 'aiperf-all-reset',
    program: 'aiperf',
    behave: request => (request > 2 ? 'reset' : 'answer'),
    keep: ['aiperf/profile_export.jsonl', 'aiperf/aiperf.log'],
  },
  { name: 'inference-perf-ok', program: 'inference-perf', behave: () => 'answer', keep: inferencePerfFiles },
  {
    name: 'inference-perf-fifth-failed',
    program: 'inference-perf',
    behave: request => (request % 5 === 0 ? 'http-500' : 'answer'),
    keep: inferencePerfFiles,
  },
]

const asked = process.argv.slice(2)
for (const recording of recordings) {
  if (asked.length > 0 && !asked.includes(recording.name)) continue
  const runFolder = await mkdtemp(join(tmpdir(), 'fulcrum-fixture-'))
  await using server = await startStreamServer(recording.behave)
  const command = join(systems, recording.program, 'bin', recording.program)
  const ledger = await openLedger({ runFolder, folder: join(runFolder, 'ledger') })
  const generator = programs[recording.program]({ command, args: [], runFolder, ledger: async () => ledger })
  const api = recording.program === 'inference-perf' ? 'completions' : 'chat'
  const point = programPoint(recording.program, { api, requests: 10, warmup: 2, dataset: 12 })
  const folder = join(runFolder, 'point')
  await generator
    .measure(point, endpointAt(server.url), { signal: AbortSignal.timeout(120_000), folder, onProgress: () => {} })
    .catch((error: unknown) => console.log(`${recording.name}: ${error}`))
  await generator.close()
  ledger.close()
  for (const pattern of recording.keep) {
    for await (const file of glob(join(folder, pattern))) {
      const to = join(fixtures, `${recording.name}.${file.split('/').at(-1)}`)
      await cp(file, to)
      const text = await readFile(to, 'utf8')
      await writeFile(to, text.replaceAll(runFolder, '/tmp/run').replaceAll(join(systems, '..'), '/fulcrum'))
    }
  }
  await rm(runFolder, { recursive: true, force: true })
}
