/**
 * What the live figures of a point cost in TTFT error and CPU: the built-in generator against the mock server, with and
 * without the file of live figures, in the order on, off, off, on. The generator's counters run on both sides, because
 * nothing switches them off: their own cost is that of one increment per token and two histogram records per request.
 *
 *   node bench/load/live-cost.ts [--blocks 8]
 *
 * A block takes 15 s. Prints a Markdown table with the mean of each side and of the differences within blocks, with 95%
 * intervals, and the cost of the counters for one token and one request.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { builtIn } from '../../src/generators/built-in/built-in.ts'
import { countEnded, countSent, createLiveTable, tokensOf } from '../../src/generators/built-in/live-table.ts'
import { userCacheFolder } from '../../src/generators/cache.ts'
import { Histogram } from '../../src/metrics/histogram.ts'
import { tellLive } from '../../src/runner/live.ts'
import { startMock } from '../../test/mock-server/start.ts'
import { alternating } from './alternating.ts'
import type { Cell } from './cell.ts'
import { endpointOf, pointOf } from './point.ts'

const { values } = parseArgs({ options: { blocks: { type: 'string', default: '8' } } })
const cell: Cell = { name: 'c=32', concurrency: 32, requests: 128, tokens: 64, ttftMs: 50, itlMs: 10, who: 'fast' }

/** What one measurement showed. */
interface Seen {
  /** Reported − true mean TTFT, ms. */
  readonly ttftErrorMs: number
  readonly itlMeanMs: number
  /** CPU of this process, s. */
  readonly cpuS: number
}

const folder = await mkdtemp(join(tmpdir(), 'fulcrum-live-cost-'))
const generator = builtIn({ cacheFolder: userCacheFolder(process.env) })
const nothing = { recent: {}, window: {} }
try {
  await using mock = await startMock({ ttftMs: cell.ttftMs, itlMs: cell.itlMs, promptTokens: 512 })
  const point = pointOf(cell, 'built-in')

  const measured = async (isOn: boolean): Promise<Seen> => {
    await mock.reset()
    let wasWritten = false
    const cpu = process.cpuUsage()
    const live = isOn ? tellLive(folder, point, { server: { now: () => nothing }, gpus: null }) : null
    const measurement = await generator.measure(point, endpointOf(mock.url), {
      signal: AbortSignal.timeout(60_000),
      folder: join(folder, 'point'),
      onProgress: progress => {
        live?.take(progress)
        wasWritten ||= isOn && existsSync(join(folder, '.live.json'))
      },
    })
    await live?.[Symbol.asyncDispose]()
    const { user, system } = process.cpuUsage(cpu)
    if (wasWritten !== isOn) throw new Error('the file of live figures was not written')
    const truth = await mock.truth()
    return {
      ttftErrorMs: (measurement.ttftMs?.mean ?? Number.NaN) - (truth.ttftMs?.mean ?? Number.NaN),
      itlMeanMs: measurement.itlMs?.mean ?? Number.NaN,
      cpuS: (user + system) / 1e6,
    }
  }
  const table = await alternating(Number(values.blocks), 'live figures', measured, [
    ['TTFT error, mean, ms', 2, ({ ttftErrorMs }) => ttftErrorMs],
    ['ITL, mean, ms', 2, ({ itlMeanMs }) => itlMeanMs],
    ['CPU of Fulcrum, s', 2, ({ cpuS }) => cpuS],
  ])
  console.log(`${table}\n\n${countersCost()}`)
} finally {
  await generator.close()
  await rm(folder, { recursive: true, force: true })
}

/** CPU time of the counters alone. */
function countersCost(): string {
  const [part] = createLiveTable(1).threads
  if (part === undefined) throw new Error('the table has no part')
  const [tokens, ttft, itl] = [tokensOf(part), new Histogram(part.ttft), new Histogram(part.itl)]
  const nsOf = (times: number, once: (i: number) => void) => {
    for (let i = 0; i < times; i++) once(i)
    const cpu = process.cpuUsage()
    for (let i = 0; i < times; i++) once(i)
    return (1000 * process.cpuUsage(cpu).user) / times
  }
  const token = nsOf(50_000_000, () => {
    tokens[0] = (tokens[0] ?? 0) + 1
  })
  const request = nsOf(2_000_000, i => {
    countSent(part)
    ttft.record(50 + (i % 997))
    itl.record(10 + (i % 89) / 10)
    countEnded(part, 0, false)
  })
  return `The counters take ${token.toFixed(1)} ns per token and ${request.toFixed(0)} ns per request.`
}
