/**
 * What sampling GPUs costs in TTFT error: the built-in generator against the mock server, with and without the sampler
 * beside it, in the order on, off, off, on. By default, the GPUs are stand-ins (test/systems/stand-ins/gpus/nvidia-smi:
 * eight GPUs, five samples a second), so this is the cost of the sampler's process and of reading its lines. With
 * `--gpus`, that many real GPUs of this machine are sampled, and the cost of the driver is part of it.
 *
 *   node bench/gpu/sampling-cost.ts [--blocks 8] [--gpus 2]
 *
 * A block takes 15 s. Prints a Markdown table with the mean of each side and of the differences within blocks, with 95%
 * intervals.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gpuHosts } from '../../src/deployers/gpu-hosts.ts'
import { builtIn } from '../../src/generators/built-in/built-in.ts'
import { userCacheFolder } from '../../src/generators/cache.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { watchGpus } from '../../src/telemetry/gpu/watch.ts'
import { startMock } from '../../test/mock-server/start.ts'
import { alternating, type Row } from '../load/alternating.ts'
import type { Cell } from '../load/cell.ts'
import { endpointOf, pointOf } from '../load/point.ts'

const { values } = parseArgs({ options: { blocks: { type: 'string', default: '8' }, gpus: { type: 'string' } } })
const gpuCount = Number(values.gpus ?? 8)
const cell: Cell = { name: 'c=32', concurrency: 32, requests: 128, tokens: 64, ttftMs: 50, itlMs: 10, who: 'fast' }
const standIns = join(import.meta.dirname, '../../test/systems/stand-ins/gpus')

/** What one measurement showed. */
interface Seen {
  /** Reported − true mean TTFT, ms. */
  readonly ttftErrorMs: number
  readonly itlMeanMs: number
  /** CPU of this process, s. */
  readonly cpuS: number
  /** GPUs whose energy was known; 0 without a sampler. */
  readonly gpus: number
}

const folder = await mkdtemp(join(tmpdir(), 'fulcrum-sampling-'))
const ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
if (values.gpus === undefined) process.env.PATH = `${standIns}:${process.env.PATH}`
process.env.SLURMD_NODENAME = 'n1'
const generator = builtIn({ cacheFolder: userCacheFolder(process.env) })
try {
  await using mock = await startMock({ ttftMs: cell.ttftMs, itlMs: cell.itlMs, promptTokens: 512 })
  const point = pointOf(cell, 'built-in')
  const sampled = { ...point.deployment, gpusPerWorker: { prefill: gpuCount, decode: gpuCount, aggregated: gpuCount } }

  const measured = async (isOn: boolean): Promise<Seen> => {
    const places = { holders: [], hosts: [null] }
    const asked = { dcgm: [], nvidiaSmi: true, sampleS: 1, devices: null }
    const watch = isOn ? watchGpus(asked, gpuHosts(places, folder, ledger)) : null
    await watch?.ready()
    await mock.reset()
    const cpu = process.cpuUsage()
    const measurement = await generator.measure(point, endpointOf(mock.url), {
      signal: AbortSignal.timeout(60_000),
      folder: join(folder, 'point'),
      onProgress: () => {},
    })
    const { user, system } = process.cpuUsage(cpu)
    const truth = await mock.truth()
    const { gpus = null } = (await watch?.observed(measurement, sampled)) ?? {}
    await watch?.[Symbol.asyncDispose]()
    return {
      ttftErrorMs: (measurement.ttftMs?.mean ?? Number.NaN) - (truth.ttftMs?.mean ?? Number.NaN),
      itlMeanMs: measurement.itlMs?.mean ?? Number.NaN,
      cpuS: (user + system) / 1e6,
      gpus: gpus?.gpus.filter(({ energyJ }) => energyJ !== null).length ?? 0,
    }
  }

  const sampledOnce = async (isOn: boolean): Promise<Seen> => {
    const seen = await measured(isOn)
    if (isOn && seen.gpus !== gpuCount) throw new Error(`the sampler saw ${seen.gpus} of ${gpuCount} GPUs`)
    return seen
  }
  const rows: readonly Row<Seen>[] = [
    ['TTFT error, mean, ms', 2, ({ ttftErrorMs }) => ttftErrorMs],
    ['ITL, mean, ms', 2, ({ itlMeanMs }) => itlMeanMs],
    ['CPU of Fulcrum, s', 2, ({ cpuS }) => cpuS],
  ]
  console.log(await alternating(Number(values.blocks), 'the sampler', sampledOnce, rows))
} finally {
  await generator.close()
  ledger.close()
  await rm(folder, { recursive: true, force: true })
}
