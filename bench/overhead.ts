/**
 * What a sweep costs beyond load, per point and per redeployment, from runs on disk: how long the generator took for a
 * point beside warm-up and measured window (prompts, connections, summary), and what the run loop adds (checks,
 * metrics, judge, journal).
 *
 *   node bench/overhead.ts results/quick/RUN results/dynamo-mocker/RUN
 */
import { basename } from 'node:path'
import { readRun } from '../src/journal/index.ts'
import { distributionOf } from '../src/metrics/distribution.ts'
import type { Measurement } from '../src/metrics/measurement.ts'

const folders = process.argv.slice(2)
if (folders.length === 0) {
  console.error('usage: node bench/overhead.ts RUN…')
  process.exit(2)
}

const columns = [
  'sweep (run)',
  'points',
  'under load, s (warm-up included)',
  'beside load, s a point: median / p95',
  'prompts, requests',
  'connections',
  'summary',
  'run loop, s a point: median / p95',
  'redeployments',
  'each, s: median / max',
]
console.log(`| ${columns.join(' | ')} |\n|${columns.map(() => '---|').join('')}`)
for (const folder of folders) {
  const run = await readRun(folder)
  const points = run.lines.flatMap(({ event }) =>
    event.type === 'point' && event.result.measurement !== null
      ? [{ elapsedS: event.elapsedS, measurement: event.result.measurement }]
      : [],
  )
  // Runs of before don't tell the warm-up from the rest.
  const warmupS = ({ besideWindowS }: Measurement) => besideWindowS?.warmup ?? 0
  const over = (figure: (point: (typeof points)[number]) => number) => distributionOf(Float64Array.from(points, figure))
  const beside = over(({ measurement }) => measurement.wallS - measurement.durationS - warmupS(measurement))
  const part = (name: 'preparing' | 'connecting' | 'summary') =>
    over(({ measurement }) => measurement.besideWindowS?.[name] ?? Number.NaN)
  const loop = over(({ elapsedS, measurement }) => elapsedS - measurement.wallS)
  const deployments = run.deployments.filter(
    ({ outcome, workersStarted, workersStopped }) => outcome === 'ready' && workersStarted + workersStopped > 0,
  )
  const each = distributionOf(Float64Array.from(deployments, ({ elapsedS }) => elapsedS))
  const s = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(2))
  const load = points.reduce((sum, { measurement }) => sum + measurement.durationS + warmupS(measurement), 0)
  const median = (name: Parameters<typeof part>[0]) => `${s(part(name)?.p50)} / ${s(part(name)?.p95)}`
  const cells = [
    `${run.manifest.sweep} (${basename(folder)})`,
    `${points.length}`,
    load.toFixed(1),
    `${s(beside?.p50)} / ${s(beside?.p95)}`,
    median('preparing'),
    median('connecting'),
    median('summary'),
    `${s(loop?.p50)} / ${s(loop?.p95)}`,
    `${deployments.length}`,
    `${s(each?.p50)} / ${s(each?.max)}`,
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
