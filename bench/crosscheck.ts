/**
 * Cross-checks all generators that are installed over one server, and prints a Markdown table.
 *
 *   node bench/crosscheck.ts mock [concurrency] [rounds]      a mock server that keeps a record of its own
 *   node bench/crosscheck.ts dynamo [concurrency] [rounds]    a real Dynamo, 1P1D of mocker workers with GB200 timings
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDeployer } from '../src/deployers/create.ts'
import { dynamo } from '../src/deployers/dynamo/index.ts'
import { type Contestant, crosscheck, type Witness } from '../src/generators/crosscheck/crosscheck.ts'
import { crosscheckMarkdown } from '../src/generators/crosscheck/format.ts'
import { generators as shipped } from '../src/generators/index.ts'
import type { Endpoint, Point } from '../src/model/index.ts'
import { disk } from '../src/yaml/files.ts'
import { endpointAt, programPoint } from '../test/generators/programs/program-point.ts'
import { startMock } from '../test/mock-server/start.ts'
import { deployment, disaggregated, mocker, model, watch } from '../test/systems/dynamo-deployment.ts'

const [server = 'mock', slots = '32', rounds = '4'] = process.argv.slice(2)
const concurrency = Number(slots)
const root = join(import.meta.dirname, '..')
const folder = await mkdtemp(join(tmpdir(), 'fulcrum-crosscheck-'))
const signal = AbortSignal.timeout(590_000)

/** Brings a server up, checks all generators over it, and takes it down. */
async function check(isl: number, osl: number, endpoint: Endpoint, witness?: Witness): Promise<void> {
  const point: Point = {
    ...programPoint('built-in', {
      level: { kind: 'concurrency', concurrency },
      // What all of them can send; the server's own record is of all requests.
      ...{ api: 'completions', window: 'whole' },
      requests: 4 * concurrency,
      warmup: 0,
      dataset: 4 * concurrency,
      timeoutMs: 60_000,
    }),
    workload: { name: `${isl}/${osl}`, isl: { kind: 'fixed', tokens: isl }, osl: { kind: 'fixed', tokens: osl } },
  }
  const context = { report: () => {}, folder: root, files: disk }
  const generators = shipped.flatMap(({ name, schema, configure }): Contestant[] => {
    const program = join(root, '.systems', name === 'vllm-bench' ? 'vllm-rs/vllm-rs' : `${name}/bin/${name}`)
    const isProgram = 'command' in schema.shape
    if (isProgram && !existsSync(program)) return []
    const keys = isProgram ? { command: program } : {}
    return [{ name, generator: configure(keys, context).create({ runFolder: folder }) }]
  })
  try {
    const onTurn = ({
      turn,
      turns,
      generator,
      progress,
    }: {
      turn: number
      turns: number
      generator: string
      progress: unknown
    }) => {
      if (progress === null) console.error(`turn ${turn} of ${turns}: ${generator}`)
    }
    const options = { point, endpoint, generators, rounds: Number(rounds), signal, folder, onTurn }
    console.log(crosscheckMarkdown(await crosscheck(witness === undefined ? options : { ...options, witness })))
  } finally {
    for (const { generator } of generators) await generator.close()
  }
}

async function overMock(): Promise<void> {
  await using mock = await startMock({ ttftMs: 50, itlMs: 10, promptTokens: 512 })
  await check(512, 64, endpointAt(mock.url), {
    reset: () => mock.reset(),
    truth: async () => {
      const { ttftMs, itlMs, latencyMs } = await mock.truth()
      if (ttftMs === null || itlMs === null || latencyMs === null) return {}
      return {
        ttftMean: ttftMs.mean,
        ttftP50: ttftMs.p50 ?? Number.NaN,
        ttftP99: ttftMs.p99 ?? Number.NaN,
        itlMean: itlMs.mean,
        latencyMean: latencyMs.mean,
      }
    },
  })
}

async function overDynamo(): Promise<void> {
  const timings = join(root, 'profiles/deepseek-r1-fp4-gb200-tp4ep4.npz')
  const args = { ...mocker.args, 'planner-profile-data': timings, 'kv-bytes-per-token': 35136 }
  const deployer = await createDeployer(dynamo.of({ ...mocker, args }), { model, runFolder: folder })
  try {
    const { endpoint } = await deployer.reconcile(deployment(disaggregated(1, 1)), watch(signal))
    await check(1000, 64, endpoint)
  } finally {
    await deployer.close()
  }
}

try {
  await (server === 'dynamo' ? overDynamo() : overMock())
} finally {
  await rm(folder, { recursive: true, force: true })
}
