/**
 * The simulated engine, its prediction in virtual time, and a real Dynamo with mocker workers on the same timing table,
 * side by side for the same points under the built-in load generator.
 * `node bench/engine/against-dynamo.ts [PREFILL DECODE [VERSION]]` after `node scripts/install-systems.ts`.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simulatedDeployer } from '../../src/deployers/simulated/simulated.ts'
import { builtIn } from '../../src/generators/built-in/built-in.ts'
import type { Deployment, Endpoint, Point } from '../../src/model/index.ts'
import { defaultLimits } from '../../src/model/index.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { loadProfile } from '../../src/simulator/profile.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { mockedModel, startRealMocker, versionOf } from './real-mocker.ts'

const [prefill = 1, decode = 1] = process.argv.slice(2, 4).map(Number)
const version = versionOf(process.argv[4])
const kvBlocks = 50_000
const deployment: Deployment = {
  id: 'bench',
  topology: { kind: 'disaggregated', prefill, decode },
  model: mockedModel,
  engine: Object.fromEntries(
    ['prefill', 'decode'].map(role => [role, { kv_cache_config: { max_tokens: kvBlocks * 32 } }]),
  ),
  gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
}
const points = [
  { isl: 1000, osl: 100, concurrency: 1, requests: 20 },
  { isl: 1000, osl: 100, concurrency: 16, requests: 160 },
  { isl: 1000, osl: 200, concurrency: 64, requests: 320 },
  { isl: 8000, osl: 64, concurrency: 1, requests: 10 },
  { isl: 8000, osl: 64, concurrency: 8, requests: 48 },
]

const folder = await mkdtemp(join(tmpdir(), 'fulcrum-against-'))
const ledger = await openLedger({ folder: join(folder, 'state') })
const signal = AbortSignal.timeout(540_000)

function pointOf({ isl, osl, concurrency, requests }: (typeof points)[number], repeat: number): Point {
  const tokens = (count: number) => ({ kind: 'fixed', tokens: count }) as const
  return {
    id: `${isl}-${osl}-${concurrency}`,
    deployment,
    workload: { name: `${isl}/${osl}`, isl: tokens(isl), osl: tokens(osl) },
    load: {
      level: { kind: 'concurrency', concurrency },
      api: 'completions',
      streaming: true,
      requests,
      graceS: 0,
      warmup: Math.min(concurrency, 16),
      dataset: requests + concurrency,
      seed: 100,
      timeoutMs: 60_000,
      extra: {},
    },
    generator: 'built-in',
    slo: {},
    limits: defaultLimits,
    repeat,
  }
}

const generator = builtIn({ cacheFolder: join(folder, 'cache'), threads: 1 })
const deployer = simulatedDeployer({ profile: 'deepseek-r1-fp4-gb200' }, { runFolder: folder, ledger })
const profile = { ...(await loadProfile('deepseek-r1-fp4-gb200')), dynamo: version }
const real = await startRealMocker({
  ...{ version, prefill, decode, kvBlocks, kvBytesPerToken: 35_136, folder, ledger, signal },
})
try {
  const { endpoint: simulated } = await deployer.reconcile(deployment, { signal, onEvent() {} })
  console.log('| ISL/OSL | c | of | TTFT p50 ms | TTFT p95 ms | ITL p50 ms | output tokens/s | failed |')
  console.log('|---|---|---|---|---|---|---|---|')
  for (const [index, one] of points.entries()) {
    const point = pointOf(one, index)
    const measure = async (endpoint: Endpoint) => {
      const context = {
        signal,
        folder: join(folder, 'points', point.id, endpoint === simulated ? 's' : 'd'),
        onProgress() {},
      }
      await mkdir(context.folder, { recursive: true })
      return generator.measure(point, endpoint, context)
    }
    const { level } = point.load
    const rows = [
      [`Dynamo ${version}, mocker`, await measure(real.endpoint)],
      ['simulated engine', await measure(simulated)],
      [
        'prediction',
        simulate(
          { deployment, workload: point.workload, level, requests: one.requests, warmup: 0, seed: 100 },
          profile,
        ),
      ],
    ] as const
    for (const [name, got] of rows) {
      const ms = (value: number | null | undefined) => value?.toFixed(1) ?? '-'
      const { ttftMs, itlMs, outputTokensPerS, requests } = got
      console.log(
        `| ${one.isl}/${one.osl} | ${one.concurrency} | ${name} | ${ms(ttftMs?.p50)} | ${ms(ttftMs?.p95)} | ${itlMs?.p50?.toFixed(2)} | ${outputTokensPerS?.toFixed(0)} | ${requests.failed} |`,
      )
    }
  }
  const text = await (await fetch(simulated.metricsUrls.frontend ?? '')).text()
  console.log(
    text
      .split('\n')
      .filter(line => line.startsWith('fulcrum_engine_lateness'))
      .join('\n'),
  )
} finally {
  await Promise.all([real.stop(), deployer.close(), generator.close()])
  ledger.close()
  await rm(folder, { recursive: true, force: true })
}
