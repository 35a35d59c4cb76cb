/**
 * What `requests: auto` costs whole sweeps, in virtual time: against the ten requests a slot of the guide.
 *
 *   node bench/stopping/sweeps.ts     prints the last table of docs/bench/stopping.md
 */
import { join } from 'node:path'
import { planSweep } from '../../src/plan/plan.ts'
import { loadProfile } from '../../src/simulator/profile.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import type { Sweep } from '../../src/spec/sweep.ts'
import { sweepFromText } from '../search/cases.ts'

const shipped = await loadProfile('deepseek-r1-fp4-gb200')
/** As in sources.ts: without any jitter a simulated system repeats itself exactly. */
const profile = { ...shipped, frontend: { ...shipped.frontend, jitterMs: 1 } }

const guide = `model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: [{ aggregated: 2 }, 1P1D, 2P1D, 1P2D]
workloads: [8000/256, 1000/1000]
load: { concurrency: [1, 4, 16, 64, 128] }
slo: { ttft_p95_ms: 2000, itl_p95_ms: 25 }
`

function rowOf(name: string, sweep: Sweep): string {
  const fixed = { requests: 0, seconds: 0 }
  const auto = { requests: 0, seconds: 0, settled: 0, points: 0 }
  const rounds = new Map<number, number[]>()
  for (const { deployment, workload, load, slo } of planSweep(sweep).deployments.flatMap(({ points }) => points)) {
    if (load.level.kind !== 'concurrency') continue
    const { concurrency } = load.level
    const base = { deployment, workload, level: load.level, warmup: 2 * concurrency, seed: load.seed, slo }
    const min = 10 * concurrency
    const ten = simulate({ ...base, requests: min }, profile)
    const most = Math.max(min, Math.min(100 * concurrency, 4000))
    const stopped = simulate({ ...base, requests: most, auto: { min, precision: 0.05 } }, profile)
    fixed.requests += ten.requests.sent
    fixed.seconds += ten.durationS
    auto.requests += stopped.requests.sent
    auto.seconds += stopped.durationS
    auto.points += 1
    if (stopped.stopping?.reason === 'settled') auto.settled += 1
    rounds.set(concurrency, [...(rounds.get(concurrency) ?? []), stopped.requests.sent / concurrency])
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const each = [...rounds].map(([concurrency, values]) => `c=${concurrency}: ${mean(values).toFixed(0)}x`).join(', ')
  const time = (seconds: number) => `${seconds.toFixed(0)} s`
  return `| ${[name, auto.points, `${fixed.requests}, ${time(fixed.seconds)}`, `${auto.requests}, ${time(auto.seconds)}`, auto.settled, each].join(' | ')} |`
}

const quick = await loadSweep(join(import.meta.dirname, '../../sweeps/quick.yaml'))
console.log(
  [
    '| sweep | points | 10x | requests: auto | settled | requests a slot |',
    '| --- | --- | --- | --- | --- | --- |',
    rowOf('sweeps/quick.yaml', quick),
    rowOf("the guide's lengths, 4 topologies", await sweepFromText('guide', guide)),
  ].join('\n'),
)
