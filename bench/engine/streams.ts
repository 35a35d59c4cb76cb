/**
 * How many streams the simulated engine keeps up with over HTTP, by its own lateness and CPU.
 * `node bench/engine/streams.ts [CONCURRENCY…]`
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simulatedDeployer } from '../../src/deployers/simulated/simulated.ts'
import { builtIn } from '../../src/generators/built-in/built-in.ts'
import type { Deployment, Point } from '../../src/model/index.ts'
import { defaultLimits } from '../../src/model/index.ts'
import { openLedger } from '../../src/process/ledger.ts'

const levels = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 16, 64, 128, 256, 512]
const deployment: Deployment = {
  id: 'bench',
  topology: { kind: 'disaggregated', prefill: 4, decode: 2 },
  model: { name: 'nvidia/DeepSeek-R1-FP4', tokenizer: 'builtin:deepseek-v3' },
  engine: {},
  gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
}
const folder = await mkdtemp(join(tmpdir(), 'fulcrum-streams-'))
const ledger = await openLedger({ folder: join(folder, 'state') })
const signal = AbortSignal.timeout(580_000)
const generator = builtIn({ cacheFolder: join(folder, 'cache'), threads: 1 })
const deployer = simulatedDeployer({ profile: 'deepseek-r1-fp4-gb200' }, { runFolder: folder, ledger })
let pid = 0

/** CPU seconds that the engine's process has used. */
async function cpuS(): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'latin1')).split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function latenessOf(url: string) {
  const text = await (await fetch(url)).text()
  const value = (name: string) =>
    Number(
      text
        .split('\n')
        .find(line => line.startsWith(`fulcrum_engine_lateness_seconds_${name} `))
        ?.split(' ')[1],
    )
  const within = (bound: string) =>
    Number(
      text
        .split('\n')
        .find(line => line.startsWith(`fulcrum_engine_lateness_seconds_bucket{le="${bound}"}`))
        ?.split(' ')[1],
    )
  return { sum: value('sum'), count: value('count'), within2: within('0.002'), within10: within('0.01') }
}

const fixed = (tokens: number) => ({ kind: 'fixed', tokens }) as const
try {
  const { endpoint } = await deployer.reconcile(deployment, {
    signal,
    onEvent: event => {
      if (event.kind === 'start' && event.pid !== undefined) pid = event.pid
    },
  })
  console.log('| c | tokens/s | TTFT p50 ms | ITL p50 ms | p99 gap ms | engine CPU | late mean ms | > 2 ms | > 10 ms |')
  console.log('|---|---|---|---|---|---|---|---|---|')
  for (const concurrency of levels) {
    const point: Point = {
      id: `c${concurrency}`,
      deployment,
      workload: { name: '1000/100', isl: fixed(1000), osl: fixed(100) },
      load: {
        level: { kind: 'concurrency', concurrency },
        api: 'chat',
        streaming: true,
        requests: Math.max(20, concurrency * 3),
        graceS: 0,
        warmup: Math.min(concurrency, 16),
        dataset: Math.max(20, concurrency * 4),
        seed: 100,
        timeoutMs: 60_000,
        extra: {},
      },
      generator: 'built-in',
      slo: {},
      limits: defaultLimits,
      repeat: 1,
    }
    const metrics = endpoint.metricsUrls.frontend ?? ''
    const [cpuBefore, before, startMs] = [await cpuS(), await latenessOf(metrics), performance.now()]
    const got = await generator.measure(point, endpoint, { signal, folder: join(folder, point.id), onProgress() {} })
    const [cpuAfter, after, endMs] = [await cpuS(), await latenessOf(metrics), performance.now()]
    const events = after.count - before.count
    const beyond = (key: 'within2' | 'within10') =>
      `${((100 * (events - (after[key] - before[key]))) / events).toFixed(2)} %`
    const row = [
      concurrency,
      got.outputTokensPerS?.toFixed(0),
      got.ttftMs?.p50?.toFixed(1),
      got.itlMs?.p50?.toFixed(2),
      got.interChunkMs?.p99?.toFixed(1),
      `${(((cpuAfter - cpuBefore) * 1e5) / (endMs - startMs)).toFixed(0)} %`,
      ((1000 * (after.sum - before.sum)) / events).toFixed(2),
      beyond('within2'),
      beyond('within10'),
    ]
    console.log(`| ${row.join(' | ')} |`)
  }
} finally {
  await Promise.all([deployer.close(), generator.close()])
  ledger.close()
  await rm(folder, { recursive: true, force: true })
}
