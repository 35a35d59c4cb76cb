// Test part: browser

import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import type { Browser } from 'playwright-core'
import { analyse } from '../../src/analysis/analyse.ts'
import type { GpuObserved, GpuSeriesName, GpusObserved } from '../../src/metrics/gpu.ts'
import type { Role } from '../../src/model/index.ts'
import { meanSeries } from '../../src/render/views/gpu-time-series.ts'
import { timeSeriesOf } from '../../src/render/views/server-time-series.ts'
import { writeReport } from '../../src/render/write-report.ts'
import { launchChromium, openPage } from './browser.ts'
import { disaggregated, syntheticRun } from './synthetic-run.ts'

type Series = readonly (readonly [number, number])[]

const gpu = (index: number, role: Role | null, series: { readonly [name in GpuSeriesName]?: Series }): GpuObserved => ({
  ...{ id: `GPU-${index}`, name: `gpu ${index}`, model: 'H100', worker: null, role, energyJ: 1000, energyErrorJ: 1 },
  ...{ energyFrom: 'counter', powerMeanW: null, powerLimitW: 700, utilization: 0.5, smActive: null },
  ...{ memoryMaxMib: 1000, memoryTotalMib: null, smClockMhz: null, temperatureMaxC: null, throttled: null },
  ...{ pcieBytesPerS: null, nvlinkBytesPerS: null, strangers: null },
  series,
})

const observed = (...gpus: readonly GpuObserved[]): GpusObserved => ({
  ...{ source: 'nvml', gpus, energyJ: 1000, energyErrorJ: 1 },
})

const withGpus = (gpus: GpusObserved, options: Parameters<typeof syntheticRun>[0] = {}) =>
  syntheticRun({
    ...{ topologies: [disaggregated(1, 1)], concurrencies: [4] },
    ...options,
    change: result =>
      result.measurement === null
        ? result
        : {
            ...result,
            measurement: {
              ...result.measurement,
              server: {
                'decode-0': {
                  'vllm:num_requests_running': {
                    mean: 1,
                    max: 2,
                    last: 0,
                    series: [[0, 1] as const, [9000, 2] as const],
                  },
                },
              },
              gpus,
            },
          },
  })

const linesOf = (gpus: GpusObserved) => {
  const [point] = analyse(withGpus(gpus)).points
  assert.ok(point)
  return timeSeriesOf(point)
}

describe('time series of GPUs', () => {
  test('are the mean of a role’s GPUs, on the clock of the point, beside those of the server', () => {
    const lines = linesOf(
      observed(
        gpu(0, 'prefill', {
          power: [
            [0, 100],
            [2000, 300],
          ],
          memory: [
            [0, 1024],
            [2000, 2048],
          ],
        }),
        gpu(1, 'decode', {
          power: [
            [0, 600],
            [2000, 700],
          ],
        }),
        gpu(2, 'decode', {
          power: [
            [1000, 500],
            [2000, 700],
          ],
        }),
      ),
    )
    assert.deepEqual(
      lines.map(({ panel, source, samples }) => [panel, source, samples]),
      [
        [
          'running',
          'decode-0',
          [
            [0, 1],
            [9, 2],
          ],
        ],
        [
          'gpu-power',
          'prefill GPUs',
          [
            [0, 100],
            [2, 300],
          ],
        ],
        [
          'gpu-power',
          'decode GPUs',
          [
            [0, 550],
            [1, 575],
            [2, 700],
          ],
        ],
        [
          'gpu-memory',
          'prefill GPUs',
          [
            [0, 1],
            [2, 2],
          ],
        ],
      ],
    )
  })

  test('of links are in GB/s', () => {
    const lines = linesOf(observed(gpu(0, null, { nvlink: [[0, 120e9]], pcie: [[0, 3e9]] })))
    assert.deepEqual(
      lines.slice(-2).map(({ panel, samples }) => [panel, samples]),
      [
        ['gpu-pcie', [[0, 3]]],
        ['gpu-nvlink', [[0, 120]]],
      ],
    )
  })

  test('of GPUs that nobody assigned have no role', () => {
    const lines = linesOf(observed(gpu(0, null, { clock: [[0, 1980]] })))
    assert.deepEqual(lines.at(-1)?.source, 'GPUs')
  })

  test('of a role are left out when one of its GPUs has none: the mean of the others is not the role’s', () => {
    const lines = linesOf(observed(gpu(0, 'decode', { power: [[0, 1]] }), gpu(1, 'decode', {})))
    assert.deepEqual(
      lines.map(({ panel }) => panel),
      ['running'],
    )
  })

  test('have a mean between the lowest and the highest of their GPUs at every moment', () => {
    const series = fc
      .uniqueArray(fc.tuple(fc.nat(10_000), fc.nat(700)), { minLength: 1, maxLength: 20, selector: ([ms]) => ms })
      .map(samples => samples.toSorted(([a], [b]) => a - b))
    fc.assert(
      fc.property(fc.array(series, { minLength: 1, maxLength: 5 }), all => {
        const mean = meanSeries(all)
        const values = all.flat().map(([, value]) => value)
        const [low, high] = [Math.min(...values), Math.max(...values)]
        assert.ok(mean.every(([, value]) => value >= low - 1e-9 && value <= high + 1e-9))
        assert.equal(mean.length, new Set(all.flat().map(([ms]) => ms)).size)
        if (all.length === 1) assert.deepEqual(mean, all[0])
      }),
    )
  })
})

describe('a report with GPUs in Chromium', () => {
  let browser: Browser
  let folder: string

  before(async () => {
    browser = await launchChromium()
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-gpus-'))
  })
  after(async () => {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  })

  const long = (height: number) => Array.from({ length: 120 }, (_, i) => [i * 500, (i * 37) % height] as const)
  const gpuSeries = { power: long(700), utilization: long(100), memory: long(80_000), clock: long(1980) }
  const whole = { ...gpuSeries, pcie: long(3e9), nvlink: long(2e11) }

  test('draws utilization, power, memory, clocks and traffic by role below the server’s pictures', async () => {
    const gpus = observed(gpu(0, 'prefill', whole), gpu(1, 'decode', whole))
    await writeReport(withGpus(gpus), folder)
    const url = pathToFileURL(join(folder, 'index.html')).href
    for (const width of [390, 1600]) {
      const { page, complaints } = await openPage(browser, url, { width })
      const panels = page.locator('section.workload:not([hidden]) .time-series [data-time-series]')
      assert.deepEqual(await panels.evaluateAll(all => all.map(place => place.getAttribute('data-time-series'))), [
        ...['running', 'gpu-utilization', 'gpu-power', 'gpu-memory', 'gpu-clock', 'gpu-pcie', 'gpu-nvlink'],
      ])
      const power = page.locator('section.workload:not([hidden]) [data-time-series=gpu-power]')
      await power.locator('svg').waitFor()
      assert.equal(await power.locator('g.mark-line path').count(), 2)
      assert.match((await power.locator('svg').textContent()) ?? '', /prefill GPUs.*decode GPUs/)
      assert.deepEqual(complaints, [])
      assert.equal(
        await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        0,
      )
    }
  })

  test('stays below 5 MB with 64 GPUs and hundreds of points', async () => {
    const gpus = observed(...Array.from({ length: 64 }, (_, i) => gpu(i, i < 16 ? 'prefill' : 'decode', whole)))
    const topologies = [1, 2, 3, 4].flatMap(p => [1, 2, 3, 4].map(d => disaggregated(p, d)))
    const run = withGpus(gpus, {
      topologies,
      concurrencies: [1, 2, 4, 8, 16, 32, 64, 128],
      workloads: [
        [1000, 100],
        [8000, 256],
      ],
    })
    await writeReport(run, folder)
    const { size } = await stat(join(folder, 'index.html'))
    assert.ok(size < 5e6, `${size} bytes`)
  })
})
