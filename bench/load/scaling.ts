/**
 * How far the built-in generator scales over worker threads, on one machine with its server: tokens/s saturated (no
 * delays, 64 slots a thread), and chunks that arrive one by one (ITL 1 ms, 128 slots a thread). Needs nothing but Node,
 * this repository and its dependencies; takes 2 minutes.
 *
 *   node bench/load/scaling.ts [--threads 1,2,4,8] [--servers 8] [--seconds 4] [--runs 3] [--json FILE]
 *
 * The mock server runs in as many processes as `--servers` says (the cores that the most threads leave free), the same
 * for all rows: the column of the busiest one shows whether it was the limit. Thread counts take turns, and each run
 * gives the ratio of its tokens/s to that of the first thread count. Prints a Markdown table and then one line of JSON.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { builtIn } from '../../src/generators/built-in/built-in.ts'
import { userCacheFolder } from '../../src/generators/cache.ts'
import { judge } from '../../src/metrics/validity.ts'
import { counted, type Point } from '../../src/model/index.ts'
import type { MockCluster } from '../../test/mock-server/start-cluster.ts'
import { startMockCluster } from '../../test/mock-server/start-cluster.ts'
import { conditions, takeTurns } from '../turns.ts'
import type { Cell } from './cell.ts'
import { isl } from './cell.ts'
import { endpointOf, pointOf } from './point.ts'

const { values } = parseArgs({
  options: {
    threads: { type: 'string' },
    servers: { type: 'string' },
    seconds: { type: 'string', default: '4' },
    runs: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
})
const cores = availableParallelism()
const threadCounts =
  values.threads?.split(',').map(Number) ?? [1, 2, 4, 8].filter(count => count === 1 || count < cores)
const servers = Number(values.servers ?? Math.max(1, cores - Math.max(...threadCounts)))
const seconds = Number(values.seconds)
/** Before each row, so that neither side's code is cold. */
const coldS = 1

/** One of the two loads, by thread count. */
interface Shape {
  readonly name: string
  readonly slotsPerThread: number
  readonly tokens: number
  readonly ttftMs: number
  readonly itlMs: number
}

const shapes: readonly Shape[] = [
  { name: 'saturated', slotsPerThread: 64, tokens: 256, ttftMs: 0, itlMs: 0 },
  { name: 'chunks one by one', slotsPerThread: 128, tokens: 512, ttftMs: 50, itlMs: 1 },
]

/** What one run showed. */
interface Row {
  readonly load: string
  readonly threads: number
  readonly slots: number
  readonly tokensPerS: number
  readonly tokensPerSPerThread: number
  /** Against the first thread count in the same run. */
  readonly speedUp: number
  /** Share of what server and client without any delay of their own would do; null where that has no end. */
  readonly ofIdeal: number | null
  /** CPU of the generator's threads and of the busiest server process, shares of a core each. */
  readonly threadCpu: number | null
  readonly busiestServerCpu: number
  readonly cpuSPerMillionTokens: number | null
  /** Reported − true. */
  readonly ttftErrorMeanMs: number
  readonly says: string
}

/** A row before all thread counts of its run have had their turn. */
type Scaled = Omit<Row, 'speedUp'>

const folder = await mkdtemp(join(tmpdir(), 'fulcrum-scaling-'))
const rows: Row[] = []
try {
  for (const shape of shapes) {
    await using mock = await startMockCluster({ ttftMs: shape.ttftMs, itlMs: shape.itlMs, promptTokens: isl }, servers)
    const taken = await takeTurns(threadCounts, Number(values.runs), threads => scaled(shape, threads, mock))
    const [first = []] = taken.values()
    for (const all of taken.values())
      rows.push(
        ...all.map((row, run) => ({ ...row, speedUp: row.tokensPerS / (first[run]?.tokensPerS ?? Number.NaN) })),
      )
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
const machine = conditions()
const text = `${machine} Server processes: ${servers}.\n\n${table(rows)}`
const json = JSON.stringify({ machine, servers, seconds, rows })
console.log(`${text}\n\n${json}`)
if (values.json !== undefined) await writeFile(values.json, `${json}\n`)

/** The same load by a number of threads, after a second that warms up both sides. */
async function scaled(shape: Shape, threads: number, mock: MockCluster): Promise<Scaled> {
  const generator = builtIn({ cacheFolder: userCacheFolder(process.env), threads })
  const measure = (durationS: number) =>
    generator.measure(pointFor(shape, threads, durationS), endpointOf(mock.url), {
      signal: AbortSignal.timeout(60_000),
      folder: join(folder, 'points/p'),
      onProgress: () => {},
    })
  try {
    await measure(coldS)
    await mock.reset()
    const began = performance.now()
    const measurement = await measure(seconds)
    const wallS = (performance.now() - began) / 1000
    const truths = await mock.truth()
    const answered = truths.reduce((sum, truth) => sum + truth.requests, 0)
    const trueTtftMs = truths.reduce((sum, truth) => sum + truth.requests * truth.ttftMeanMs, 0) / answered
    const { client, totals } = measurement
    const outputTokensPerS = measurement.outputTokensPerS ?? Number.NaN
    const slots = shape.slotsPerThread * threads
    const idealPerS = (slots * shape.tokens * 1000) / (shape.ttftMs + (shape.tokens - 1) * shape.itlMs)
    const findings = judge(pointFor(shape, threads, seconds), measurement).filter(one => one.severity === 'invalid')
    console.error(`${shape.name}, ${threads} threads: ${Math.round(outputTokensPerS).toLocaleString('en')} tokens/s`)
    return {
      load: shape.name,
      threads,
      slots,
      tokensPerS: outputTokensPerS,
      tokensPerSPerThread: outputTokensPerS / threads,
      ofIdeal: shape.ttftMs + shape.itlMs === 0 ? null : outputTokensPerS / idealPerS,
      threadCpu: client.cpuShare,
      busiestServerCpu: Math.max(...truths.map(truth => truth.cpuS)) / wallS,
      cpuSPerMillionTokens: client.cpuS === null ? null : (client.cpuS / (totals.outputTokens ?? Number.NaN)) * 1e6,
      ttftErrorMeanMs: (measurement.ttftMs?.mean ?? Number.NaN) - trueTtftMs,
      says: findings.length === 0 ? 'valid' : findings.map(one => one.code).join(', '),
    }
  } finally {
    await generator.close()
  }
}

function pointFor(shape: Shape, threads: number, durationS: number): Point {
  const concurrency = shape.slotsPerThread * threads
  const cell: Cell = { ...shape, concurrency, requests: 1000, who: 'fast' }
  const point = pointOf(cell, 'built-in')
  const { requests: _, ...load } = point.load
  const requestMs = shape.ttftMs + (shape.tokens - 1) * shape.itlMs
  // Whole waves where there are waves: a time would cut the last one, and be short of the ideal for that.
  const until =
    requestMs === 0
      ? { durationS }
      : { requests: concurrency * Math.max(1, Math.round((durationS * 1000) / requestMs)) }
  return { ...point, load: { ...load, ...until } }
}

function table(all: readonly Row[]): string {
  const header = [
    'load',
    'threads',
    'slots',
    'tokens/s',
    'tokens/s a thread',
    `against ${counted(threadCounts[0] ?? 0, 'thread')}`,
    'of ideal',
    'CPU of each thread',
    'CPU of the busiest server',
    'CPU s / M tokens',
    'TTFT error mean',
    'says of itself',
  ]
  const percent = (share: number | null) => (share === null ? '' : `${(100 * share).toFixed(1)}%`)
  const count = (value: number) => Math.round(value).toLocaleString('en')
  const cells = (row: Row) => [
    row.load,
    `${row.threads}`,
    `${row.slots}`,
    count(row.tokensPerS),
    count(row.tokensPerSPerThread),
    row.speedUp.toFixed(2),
    percent(row.ofIdeal),
    percent(row.threadCpu),
    percent(row.busiestServerCpu),
    row.cpuSPerMillionTokens?.toFixed(2) ?? '',
    `${row.ttftErrorMeanMs.toFixed(2)} ms`,
    row.says,
  ]
  const order = shapes.map(({ name }) => name)
  const inOrder = all.toSorted((a, b) => order.indexOf(a.load) - order.indexOf(b.load) || a.threads - b.threads)
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...inOrder.map(row => line(cells(row)))].join('\n')
}
