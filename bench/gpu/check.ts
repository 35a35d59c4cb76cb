/**
 * Holds the energy of a run's points against what `counter.py` read over the same windows, and prints TTFT.
 * Arguments: counter.csv, then run folders.
 */
import { readFileSync } from 'node:fs'
import { readRun } from '../../src/journal/index.ts'
import { deploymentLabel } from '../../src/model/index.ts'

const [counterFile = '', ...folders] = process.argv.slice(2)
const rows = readFileSync(counterFile, 'utf8')
  .trim()
  .split('\n')
  .map(line => line.split(',').map(Number))

/** mJ of all GPUs at a moment, s since the epoch. */
function counterAt(atS: number, gpu: number): number {
  const next = rows.findIndex(([at = 0]) => at >= atS)
  const [after, before] = [rows[next], rows[next - 1]]
  if (after === undefined || before === undefined) return Number.NaN
  const [t0 = 0, t1 = 0, e0 = 0, e1 = 0] = [before[0], after[0], before[gpu + 1], after[gpu + 1]]
  return e0 + ((atS - t0) / (t1 - t0)) * (e1 - e0)
}

for (const folder of folders) {
  const { results } = await readRun(folder)
  for (const { point, measurement } of results) {
    if (measurement === null) continue
    const { startedAt, durationS, ttftMs, gpus } = measurement
    const startS = Date.parse(startedAt) / 1000
    const level = point.load.level.kind === 'concurrency' ? point.load.level.concurrency : point.load.level.kind
    const ttft = `TTFT p50 ${ttftMs?.p50?.toFixed(3)} p95 ${ttftMs?.p95?.toFixed(3)} ms`
    const start = `${deploymentLabel(point.deployment)}, c ${level} repeat ${point.repeat}: ${durationS.toFixed(2)} s, ${ttft}`
    if (gpus === undefined) {
      console.log(`${start}, GPUs not sampled`)
      continue
    }
    for (const gpu of gpus.gpus) {
      const index = Number(/gpu (\d+)$/.exec(gpu.name)?.[1])
      const truth = (counterAt(startS + durationS, index) - counterAt(startS, index)) / 1000
      const off = gpu.energyJ === null ? 'unknown' : `${((100 * (gpu.energyJ - truth)) / truth).toFixed(2)}%`
      const own = `${gpu.energyJ} ± ${gpu.energyErrorJ} J by ${gpu.energyFrom} (${gpus.source})`
      console.log(
        `${start}, ${gpu.name} (${gpu.role ?? 'role unknown'}): ${own}, counter.py ${truth.toFixed(1)} J, off by ${off}`,
      )
    }
  }
}
