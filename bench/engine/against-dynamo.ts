/**
 * The simulated engine, its prediction in virtual time, and a real Dynamo with mocker workers on the same timing table,
 * side by side for the same points under the built-in load generator.
 * `node bench/engine/against-dynamo.ts [PREFILL DECODE]` after `node scripts/install-systems.ts`.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { simulatedDeployer } from '../../src/deployers/simulated/simulated.ts'
import { builtIn } from '../../src/generators/built-in/built-in.ts'
import type { Deployment, Endpoint, Point } from '../../src/model/index.ts'
import { defaultLimits } from '../../src/model/index.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { startProcess } from '../../src/process/process.ts'
import { loadProfile } from '../../src/simulator/profile.ts'
import { simulate } from '../../src/simulator/simulate.ts'

const [prefill = 1, decode = 1] = process.argv.slice(2).map(Number)
const systems = resolve(import.meta.dirname, '../../.systems')
const table = resolve(import.meta.dirname, '../../profiles/deepseek-r1-fp4-gb200-tp4ep4.npz')
const model = { name: 'nvidia/DeepSeek-R1-FP4', tokenizer: 'builtin:deepseek-v3' }
const kvBlocks = 50_000
const deployment: Deployment = {
  id: 'bench',
  topology: { kind: 'disaggregated', prefill, decode },
  model,
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(done => server.once('listening', done))
  const address = server.address()
  await new Promise(done => server.close(done))
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function realDynamo(): Promise<{ endpoint: Endpoint; stop(): Promise<void> }> {
  const port = await freePort()
  const python = join(systems, 'dynamo/bin/python')
  const planes = ['--discovery-backend', 'file', '--request-plane', 'tcp', '--event-plane', 'zmq']
  const env = {
    HF_HUB_OFFLINE: '1',
    HF_HOME: join(systems, 'hf'),
    DYN_TCP_RPC_HOST: '127.0.0.1',
    DYN_NAMESPACE: 'against',
    DYN_FILE_KV: join(folder, 'kv'),
  }
  const start = (name: string, args: readonly string[]) =>
    startProcess(
      { name, argv: [python, '-m', ...args, ...planes], env, cwd: folder, logFile: join(folder, `${name}.log`) },
      ledger,
    )
  const worker = (role: string, index: number) =>
    start(`${role}-${index}`, [
      ...['dynamo.mocker', '--model-path', model.name, '--engine-type', 'trtllm', '--disaggregation-mode', role],
      ...['--planner-profile-data', table, '--kv-bytes-per-token', '35136'],
      ...['--num-gpu-blocks-override', String(kvBlocks)],
    ])
  const http = ['--http-port', String(port), '--http-host', '127.0.0.1', '--namespace', 'against']
  const processes = await Promise.all([
    start('frontend', ['dynamo.frontend', ...http]),
    ...Array.from({ length: decode }, (_, index) => worker('decode', index)),
    ...Array.from({ length: prefill }, (_, index) => worker('prefill', index)),
  ])
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    const health = await fetch(`${url}/health`).then(
      answer => answer.text(),
      () => '',
    )
    if (health.split('"generate"').length - 1 >= prefill + decode) break
    await sleep(500, undefined, { signal })
  }
  await sleep(2000)
  return {
    endpoint: { url, model: model.name, dialect: 'dynamo-1', metricsUrls: {} },
    stop: async () => {
      await Promise.all(processes.map(one => one.stop(3000)))
    },
  }
}

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
const profile = await loadProfile('deepseek-r1-fp4-gb200')
const real = await realDynamo()
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
      ['Dynamo mocker', await measure(real.endpoint)],
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
