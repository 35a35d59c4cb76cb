/**
 * What a sweep costs beyond load: wall time minus the measured window, per point and per redeployment, from runs on disk.
 * Warm-up requests are load, but not of the window: they are in the second column of seconds.
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
  '| sweep (run) | points | under load, s | generator outside the window (prompts, connections, warm-up): median / p95, s | run loop (checks, metrics, judge, journal): median / p95, s | redeployments | each: median / max, s |',
)
console.log('|---|---|---|---|---|---|---|')
for (const folder of folders) {
  const run = await readRun(folder)
  const points = run.lines.flatMap(({ event }) =>
    event.type === 'point' && event.result.measurement !== null ? [event] : [],
  )
  const underLoad = points.map(({ result }) => result.measurement?.durationS ?? 0)
  const runs = points.map(({ result }) => result.measurement?.wallS ?? 0)
  const generator = distributionOf(Float64Array.from(runs, (wallS, i) => wallS - (underLoad[i] ?? 0)))
  const loop = distributionOf(Float64Array.from(points, ({ elapsedS }, i) => elapsedS - (runs[i] ?? 0)))
  const deployments = run.deployments.filter(
    ({ outcome, workersStarted, workersStopped }) => outcome === 'ready' && workersStarted + workersStopped > 0,
  )
  const each = distributionOf(Float64Array.from(deployments, ({ elapsedS }) => elapsedS))
  const s = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(2))
  const load = underLoad.reduce((sum, value) => sum + value, 0)
  console.log(
    `| ${run.manifest.sweep} (${basename(folder)}) | ${points.length} | ${load.toFixed(1)} | ${s(generator?.p50)} / ${s(generator?.p95)} | ${s(loop?.p50)} / ${s(loop?.p95)} | ${deployments.length} | ${s(each?.p50)} / ${s(each?.max)} |`,
  )
}
