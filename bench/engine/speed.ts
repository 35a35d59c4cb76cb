/**
 * How fast the simulated engine predicts in virtual time: requests a minute by processor time of one core, and what
 * memory they leave behind. `node bench/engine/speed.ts`
 */

import type { LoadLevel, Topology } from '../../src/model/index.ts'
import { loadProfile } from '../../src/simulator/profile.ts'
import { simulate } from '../../src/simulator/simulate.ts'

const profile = await loadProfile('deepseek-r1-fp4-gb200')
const fixed = (tokens: number) => ({ kind: 'fixed', tokens }) as const
const disaggregated = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })
const closed = (concurrency: number): LoadLevel => ({ kind: 'concurrency', concurrency })
const poisson: LoadLevel = { kind: 'rate', requestsPerS: 30, arrivals: { kind: 'poisson' }, maxConcurrency: 512 }
const cases: readonly (readonly [string, Topology, LoadLevel])[] = [
  ['1P1D, concurrency 1', disaggregated(1, 1), closed(1)],
  ['1P2D, concurrency 64', disaggregated(1, 2), closed(64)],
  ['4P8D, concurrency 1024', disaggregated(4, 8), closed(1024)],
  ['agg x4, concurrency 256', { kind: 'aggregated', workers: 4 }, closed(256)],
  ['2P2D, Poisson 30/s', disaggregated(2, 2), poisson],
]

console.log('| deployment, load | requests | s of one core | requests a minute | growth of memory |')
console.log('|---|---|---|---|---|')
for (const [name, topology, level] of cases) {
  for (const requests of [50_000, 500_000]) {
    const before = process.memoryUsage().rss
    const start = process.cpuUsage()
    const workload = { isl: fixed(1000), osl: fixed(100) }
    simulate({ deployment: { topology, engine: {} }, workload, level, requests, warmup: 0, seed: 1 }, profile)
    const seconds = process.cpuUsage(start).user / 1e6
    const grownMb = Math.max(0, process.memoryUsage().rss - before) / 1e6
    const perMinute = `${((requests / seconds) * 60e-6).toFixed(1)} million`
    console.log(`| ${name} | ${requests} | ${seconds.toFixed(2)} | ${perMinute} | ${grownMb.toFixed(0)} MB |`)
  }
}
