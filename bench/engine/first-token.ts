/**
 * When the decode worker of a real 1P1D gives the first token of a request whose KV cache has arrived, in passes. The
 * mocker decodes 160 times slower here, so that a pass is far longer than all that the machine adds. The simulated
 * engine gets the same load in virtual time.
 * `node bench/engine/first-token.ts [VERSION]` after `node scripts/install-systems.ts`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtIn } from '../../src/generators/built-in/built-in.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import type { Deployment, Point } from '../../src/model/index.ts'
import { defaultLimits } from '../../src/model/index.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { loadProfile, type Profile } from '../../src/simulator/profile.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { mockedModel, startRealMocker, versionOf } from './real-mocker.ts'

const version = versionOf(process.argv[2])
const slower = 160
const kvBlocks = 50_000
/** The mocker's default, with which a prompt of 1000 tokens is transferred in 0.5 ms; and one that takes 880 ms. */
const bandwidthsGbPerS = [64, 0.04]
const kvBytesPerToken = 35_136
/** Long enough that no request queues for prefill, with some others decoding at any time. */
const requestsPerS = 1
const requests = 80
const tokens = (count: number) => ({ kind: 'fixed', tokens: count }) as const
const workload = { name: '1000/5', isl: tokens(1000), osl: tokens(5) }
const level = { kind: 'rate', requestsPerS, arrivals: { kind: 'poisson' } } as const

const shipped = await loadProfile('deepseek-r1-fp4-gb200')
const profileWith = (gbPerS: number): Profile => ({
  ...shipped,
  dynamo: version,
  transfer: { bytesPerS: gbPerS * 1e9, latencyMs: 0 },
  correction: {
    prefill: { scale: 1, fixedMs: 0, per1000TokensMs: 0 },
    decode: { scale: slower, fixedMs: 0, perSequenceMs: 0, sequenceExponent: 1, per1000ContextTokensMs: 0 },
  },
})
const deployment: Deployment = {
  id: 'first-token',
  topology: { kind: 'disaggregated', prefill: 1, decode: 1 },
  model: mockedModel,
  engine: Object.fromEntries(
    ['prefill', 'decode'].map(role => [role, { kv_cache_config: { max_tokens: kvBlocks * 32 } }]),
  ),
  gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
}
const point: Point = {
  ...{ id: 'first-token', deployment, workload, generator: 'built-in', slo: {}, limits: defaultLimits, repeat: 1 },
  load: {
    ...{ level, api: 'completions', streaming: true, requests, graceS: 0, warmup: 6, dataset: requests + 6 },
    ...{ seed: 100, timeoutMs: 60_000, extra: {} },
  },
}

const folder = await mkdtemp(join(tmpdir(), 'fulcrum-first-token-'))
const ledger = await openLedger({ folder: join(folder, 'state') })
const signal = AbortSignal.timeout(540_000)
const generator = builtIn({ cacheFolder: join(folder, 'cache'), threads: 1 })

async function measured(gbPerS: number): Promise<Measurement> {
  const real = await startRealMocker({
    ...{ version, prefill: 1, decode: 1, kvBlocks, kvBytesPerToken, folder, ledger, signal },
    args: ['--decode-speedup-ratio', String(1 / slower), '--kv-transfer-bandwidth', String(gbPerS)],
  })
  try {
    return await generator.measure(point, real.endpoint, { signal, folder, onProgress() {} })
  } finally {
    await real.stop()
  }
}

try {
  console.log(
    '| transfer | of | TTFT mean ms | p5 | p50 | p95 | ITL mean ms | first token, passes after the transfer |',
  )
  console.log('|---|---|---:|---:|---:|---:|---:|---:|')
  for (const gbPerS of bandwidthsGbPerS) {
    const profile = profileWith(gbPerS)
    const transferMs = (1000 * kvBytesPerToken * 1000) / profile.transfer.bytesPerS
    const predicted = simulate({ deployment, workload, level, requests, warmup: 6, seed: 100 }, profile)
    for (const [name, got] of [
      [`Dynamo ${version}`, await measured(gbPerS)],
      ['simulated', predicted],
    ] as const) {
      const { ttftMs, itlMs } = got
      const ms = (value: number | null | undefined) => value?.toFixed(1) ?? '–'
      // The prompt alone takes 38.8 ms.
      const passes = ((ttftMs?.mean ?? Number.NaN) - 38.8 - transferMs) / (itlMs?.mean ?? Number.NaN)
      const cells = [ttftMs?.mean, ttftMs?.p5, ttftMs?.p50, ttftMs?.p95, itlMs?.mean].map(ms)
      console.log(`| ${transferMs.toFixed(1)} ms | ${name} | ${cells.join(' | ')} | ${passes.toFixed(2)} |`)
    }
  }
  console.log(`\nload average ${loadavg()[0]?.toFixed(1)}`)
} finally {
  await generator.close()
  ledger.close()
  await rm(folder, { recursive: true, force: true })
}
