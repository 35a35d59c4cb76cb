/**
 * What a sweep costs beyond load: wall time minus time under load, per point and per redeployment, from runs on disk.
 *
 *   node bench/overhead.ts results/quick/RUN results/dynamo-mocker/RUN
 */
import { basename } from 'node:path'
import { readRun } from '../src/journal/index.ts'
import { distributionOf } from '../src/metrics/distribution.ts'

const folders = process.argv.slice(2)
if (folders.length === 0) {
  console.error('usage: node bench/overhead.ts RUN…')
  process.exit(2)
}

console.log(
  '| sweep (run) | points | under load, s | outside load per point: median / p95 / max, s | redeployments | each: median / max, s |',
)
console.log('|---|---|---|---|---|---|')
for (const folder of folders) {
  const run = await readRun(folder)
  const points = run.lines.flatMap(({ event }) =>
    event.type === 'point' && event.result.measurement !== null ? [event] : [],
  )
  const underLoad = points.map(({ result }) => result.measurement?.durationS ?? 0)
  const outside = distributionOf(Float64Array.from(points, ({ elapsedS }, i) => elapsedS - (underLoad[i] ?? 0)))
  const deployments = run.deployments.filter(
    ({ outcome, workersStarted, workersStopped }) => outcome === 'ready' && workersStarted + workersStopped > 0,
  )
  const each = distributionOf(Float64Array.from(deployments, ({ elapsedS }) => elapsedS))
  const s = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(2))
  const load = underLoad.reduce((sum, value) => sum + value, 0)
  console.log(
    `| ${run.manifest.sweep} (${basename(folder)}) | ${points.length} | ${load.toFixed(1)} | ${s(outside?.p50)} / ${s(outside?.p95)} / ${s(outside?.max)} | ${deployments.length} | ${s(each?.p50)} / ${s(each?.max)} |`,
  )
}
