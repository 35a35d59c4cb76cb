/**
 * Two runs of the same points on different systems, side by side: what each measured, and the difference.
 *
 *   node bench/side-by-side.ts results/simulated-twin/RUN results/dynamo-mocker/RUN
 */
import { loadLabel } from '../src/analysis/load-label.ts'
import { type PointResult, readRun } from '../src/journal/index.ts'
import { topologyLabel } from '../src/model/index.ts'

const [first, second] = process.argv.slice(2)
if (first === undefined || second === undefined) {
  console.error('usage: node bench/side-by-side.ts RUN OTHER_RUN')
  process.exit(2)
}

/** Same topology, workload, load and repeat; the deployer and its settings are what differs. */
const keyOf = ({ point }: PointResult) =>
  [topologyLabel(point.deployment.topology), point.workload.name, loadLabel(point.load.level), point.repeat].join(' | ')

const [a, b] = await Promise.all([readRun(first), readRun(second)])
const others = new Map(b.results.map(result => [keyOf(result), result]))
const relative: number[][] = [[], [], []]
console.log(`A = ${a.manifest.sweep}, B = ${b.manifest.sweep}\n`)
console.log(
  '| topology | workload | load | TTFT p50 A / B, ms | ITL p50 A / B, ms | output tokens/s A / B | A − B over B |',
)
console.log('|---|---|---|---|---|---|---|')
for (const result of a.results) {
  const other = others.get(keyOf(result))
  const [x, y] = [result.measurement, other?.measurement]
  if (result.status !== 'ok' || other?.status !== 'ok' || !x || !y || result.point.repeat !== 1) continue
  const pairs = [
    [x.ttftMs?.p50 ?? 0, y.ttftMs?.p50 ?? 0],
    [x.itlMs?.p50 ?? 0, y.itlMs?.p50 ?? 0],
    [x.outputTokensPerS ?? Number.NaN, y.outputTokensPerS ?? Number.NaN],
  ] as const
  const [ttft, itl, throughput] = pairs
  const differences = pairs.map(([p, q], i) => {
    const difference = (p - q) / q
    relative[i]?.push(Math.abs(difference))
    return `${difference >= 0 ? '+' : ''}${(difference * 100).toFixed(0)} %`
  })
  const { point } = result
  console.log(
    `| ${topologyLabel(point.deployment.topology)} | ${point.workload.name} | ${loadLabel(point.load.level)} | ${ttft[0].toFixed(0)} / ${ttft[1].toFixed(0)} | ${itl[0].toFixed(2)} / ${itl[1].toFixed(2)} | ${throughput[0].toFixed(0)} / ${throughput[1].toFixed(0)} | ${differences.join(', ')} |`,
  )
}
const median = (values: readonly number[]) =>
  values.toSorted((p, q) => p - q)[Math.floor(values.length / 2)] ?? Number.NaN
console.log(
  `\nmedian absolute difference: TTFT ${relative
    .map(values => `${(median(values) * 100).toFixed(1)} %`)
    .join(', ITL ')
    .replace(/, ITL ([^,]*)$/, ', output tokens/s $1')}`,
)
