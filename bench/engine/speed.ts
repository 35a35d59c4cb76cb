/** How fast the simulated engine predicts in virtual time, on one core. `node bench/engine/speed.ts [REQUESTS]` */
import { loadProfile } from '../../src/engine/profile.ts'
import { simulate } from '../../src/engine/simulate.ts'
import type { LoadLevel, Topology } from '../../src/point/index.ts'

const requests = Number(process.argv[2] ?? 1_000_000)
const profile = await loadProfile('deepseek-r1-fp4-gb200')
const fixed = (tokens: number) => ({ kind: 'fixed', tokens }) as const
const disaggregated = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })
const closed = (concurrency: number): LoadLevel => ({ kind: 'concurrency', concurrency })
const cases: readonly (readonly [string, Topology, LoadLevel])[] = [
  ['1P1D, concurrency 1', disaggregated(1, 1), closed(1)],
  ['1P2D, concurrency 64', disaggregated(1, 2), closed(64)],
  ['4P8D, concurrency 1024', disaggregated(4, 8), closed(1024)],
  ['aggregated x4, concurrency 256', { kind: 'aggregated', workers: 4 }, closed(256)],
  ['2P2D, Poisson 30/s', disaggregated(2, 2), { kind: 'rate', requestsPerS: 30, arrivals: { kind: 'poisson' } }],
]

console.log('| deployment, load | requests | s | requests a minute | peak growth of memory |')
console.log('|---|---|---|---|---|')
for (const [name, topology, level] of cases) {
  const before = process.memoryUsage().rss
  const startMs = performance.now()
  const deployment = { topology, engine: {} }
  simulate(
    { deployment, workload: { isl: fixed(1000), osl: fixed(100) }, level, requests, warmup: 0, seed: 1 },
    profile,
  )
  const seconds = (performance.now() - startMs) / 1000
  const grownMb = Math.max(0, process.memoryUsage().rss - before) / 1e6
  const perMinute = `${((requests / seconds) * 60e-6).toFixed(1)} million`
  console.log(`| ${name} | ${requests} | ${seconds.toFixed(2)} | ${perMinute} | ${grownMb.toFixed(0)} MB |`)
}
