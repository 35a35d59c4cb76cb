/**
 * What ordering deployments saves: worker starts of the planned order against nested loops, for the shipped sweeps and
 * for grids.
 *
 *   node bench/plan-order.ts          prints the table of docs/bench/plan.md
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Deployment } from '../src/model/index.ts'
import { orderDeployments } from '../src/plan/order/index.ts'
import { loadSweep } from '../src/spec/load-sweep.ts'
import { disk } from '../src/yaml/files.ts'

function grid(prefill: number, decode: number, prefillSettings: number, decodeSettings: number): Deployment[] {
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
  return upTo(prefillSettings).flatMap(a =>
    upTo(decodeSettings).flatMap(b =>
      upTo(prefill).flatMap(p =>
        upTo(decode).map(
          (d): Deployment => ({
            id: `${a} ${b} ${p} ${d}`,
            topology: { kind: 'disaggregated', prefill: p, decode: d },
            model: { name: 'm', tokenizer: 'builtin:deepseek-v3' },
            engine: { prefill: { setting: a }, decode: { setting: b } },
            gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
          }),
        ),
      ),
    ),
  )
}

function row(name: string, deployments: readonly Deployment[]): string {
  const from = performance.now()
  const { cost, givenCost, lowerBound, exact } = orderDeployments(deployments)
  const ms = Math.round(performance.now() - from)
  const saved = Math.round(100 * (1 - cost.workersStarted / givenCost.workersStarted))
  const proof = exact ? 'optimal' : `≤ ${(100 * (cost.workersStarted / lowerBound - 1)).toFixed(0)} % above`
  return `| ${[name, deployments.length, givenCost.workersStarted, cost.workersStarted, `${saved} %`, lowerBound, proof, `${ms} ms`].join(' | ')} |`
}

console.log('| sweep | deployments | starts, nested loops | starts, planned | saved | lower bound | proof | time |')
console.log('|---|---|---|---|---|---|---|---|')
const folder = join(import.meta.dirname, '../sweeps')
const files = { ...disk, kind: (path: string) => (path.includes('/.systems/') ? ('file' as const) : disk.kind(path)) }
for (const name of readdirSync(folder)
  .filter(name => name.endsWith('.yaml'))
  .sort()) {
  const { deployments } = await loadSweep(join(folder, name), { files })
  console.log(row(name, deployments))
}
for (const [prefill, decode, a, b] of [
  [3, 3, 1, 1],
  [3, 3, 2, 1],
  [4, 4, 1, 1],
  [4, 4, 2, 2],
  [8, 8, 1, 1],
  [4, 4, 4, 4],
  [8, 8, 4, 2],
  [10, 10, 10, 10],
] as const) {
  const settings = a * b === 1 ? '' : `, ${a} × ${b} engine settings`
  console.log(row(`${prefill}P × ${decode}D${settings}`, grid(prefill, decode, a, b)))
}
