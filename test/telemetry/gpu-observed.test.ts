// Test part: load
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { GpuHosts } from '../../src/telemetry/gpu/hosts.ts'
import { observeGpus } from '../../src/telemetry/gpu/observe.ts'
import type { GpuHolder } from '../../src/telemetry/gpu/place.ts'
import { emptySample, type TimedSample } from '../../src/telemetry/gpu/sample.ts'
import { watchGpus } from '../../src/telemetry/gpu/watch.ts'
import { smallPlan } from '../runner/small-system.ts'

const [planned] = smallPlan([1]).deployments
assert.ok(planned !== undefined)
const aggregated = {
  ...planned.deployment,
  topology: { kind: 'aggregated', workers: 1 },
  gpusPerWorker: { prefill: 1, decode: 1, aggregated: 1 },
} as const
const disaggregated = {
  ...aggregated,
  topology: { kind: 'disaggregated', prefill: 1, decode: 1 },
  gpusPerWorker: { prefill: 1, decode: 1, aggregated: 1 },
} as const
const window = { startMs: 10_000, endMs: 20_000 }

/** Samples a second of a GPU that draws so many watts. */
function samplesOf(index: number, watts: number, more: Partial<TimedSample> = {}): readonly TimedSample[] {
  const host = more.host ?? null
  const identity = { id: `${host ?? ''}GPU-${index}`, host, index, model: 'H100', pod: null, isMig: false, ...more }
  return Array.from({ length: 21 }, (_, i) => ({
    ...emptySample(identity),
    ...{ energyJ: watts * (i + 5), powerW: watts, memoryUsedMib: 50_000, utilization: 0.5, atMs: (i + 5) * 1000 },
    ...more,
  }))
}

const observe = (
  samples: readonly TimedSample[],
  deployment: Parameters<typeof observeGpus>[2]['deployment'],
  { holders = [], isAsked = true }: { holders?: readonly GpuHolder[]; isAsked?: boolean } = {},
) => observeGpus({ source: 'nvml', samples, twice: [] }, window, { deployment, holders, named: null, isAsked })

const holder = (worker: string, role: 'prefill' | 'decode', host: string | null, gpu: number): GpuHolder => ({
  ...{ worker, role, host },
  gpus: [gpu],
})

describe('the GPUs of a deployment', () => {
  test('have the roles of the workers that were given them, on their machines', () => {
    const samples = [0, 1].flatMap(gpu => [
      ...samplesOf(gpu, 100 + gpu, { host: 'a.lan' }),
      ...samplesOf(gpu, 200 + gpu, { host: 'b.lan' }),
    ])
    const holders = [holder('prefill-0', 'prefill', 'a', 1), holder('decode-0', 'decode', 'b', 0)]
    const { gpus, findings } = observe(samples, disaggregated, { holders })
    assert.deepEqual(findings, [])
    assert.deepEqual(
      gpus?.gpus.map(({ name, worker, role, energyJ }) => [name, worker, role, energyJ]),
      [
        ['a.lan gpu 1', 'prefill-0', 'prefill', 1010],
        ['b.lan gpu 0', 'decode-0', 'decode', 2000],
      ],
    )
    assert.equal(gpus?.energyJ, 3010)
  })

  test('have the roles that the names of their pods say', () => {
    const pods = { prefill: 'llm/d-0-vllmprefillworker-x', decode: 'llm/d-0-vllmdecodeworker-y' }
    const samples = [...samplesOf(0, 100, { pod: pods.decode }), ...samplesOf(1, 200, { pod: pods.prefill })]
    const { gpus } = observe(samples, disaggregated)
    assert.deepEqual(gpus?.gpus.map(({ role, energyJ }) => [role, energyJ]).sort(), [
      ['decode', 1000],
      ['prefill', 2000],
    ])
  })

  test('are those in use, where a machine has more than the deployment', () => {
    const samples = [...samplesOf(0, 70, { memoryUsedMib: 4 }), ...samplesOf(1, 300)]
    assert.deepEqual(
      observe(samples, aggregated).gpus?.gpus.map(({ name }) => name),
      ['gpu 1'],
    )
  })

  test('that were taken by their number are marked where the machine has more', () => {
    const samples = [...samplesOf(0, 70, { memoryUsedMib: 4 }), ...samplesOf(1, 300)]
    assert.deepEqual(
      observe(samples, aggregated).findings.map(({ code, severity }) => [code, severity]),
      [['gpus-assumed', 'warning']],
    )
    // Workers that Fulcrum started are on its own machines.
    const holders = [{ worker: 'aggregated-0', role: 'aggregated', host: null, gpus: null }] as const
    assert.deepEqual(observe(samples, aggregated, { holders }).findings, [])
  })

  test('of this machine are not taken for those of an endpoint that may be a tunnel, unless they were asked for', () => {
    const samples = samplesOf(0, 300)
    assert.deepEqual(observe(samples, aggregated, { isAsked: false }), { gpus: null, findings: [] })
    assert.equal(observe(samples, aggregated).gpus?.energyJ, 3000)
    const pod = samplesOf(0, 300, { pod: 'llm/vllmworker-x' })
    assert.equal(observe(pod, aggregated, { isAsked: false }).gpus?.energyJ, 3000)
  })

  test('with joules for millijoules, or milliwatts for watts, have no energy, and one finding says so', () => {
    for (const [energy, power] of [
      [1e-3, 1],
      [1e3, 1],
      [1, 1e-3],
      [1, 1e3],
      [1e3, 1e3],
      [1e-3, 1e-3],
    ] as const) {
      const samples = samplesOf(0, 400).map(sample => ({
        ...sample,
        energyJ: (sample.energyJ ?? 0) * energy,
        powerW: 400 * power,
      }))
      const { gpus, findings } = observe(samples, aggregated)
      assert.equal(gpus?.energyJ, null, `energy × ${energy}, power × ${power}`)
      assert.deepEqual(
        findings.map(({ code }) => code),
        ['gpu-energy-unknown'],
      )
    }
  })

  test('with one of them missing have no energy, and one finding says so', () => {
    const holders = [holder('prefill-0', 'prefill', null, 0), holder('decode-0', 'decode', null, 1)]
    const { gpus, findings } = observe(samplesOf(0, 100), disaggregated, { holders })
    assert.equal(gpus?.energyJ, null)
    assert.deepEqual(
      findings.map(({ code, severity }) => [code, severity]),
      [['gpu-energy-unknown', 'warning']],
    )
  })

  test('that can’t be told apart are silently left out unless somebody asked for them', () => {
    const samples = [...samplesOf(0, 100), ...samplesOf(1, 100)]
    assert.deepEqual(observe(samples, aggregated, { isAsked: false }), { gpus: null, findings: [] })
    assert.equal(observe(samples, aggregated).findings.length, 1)
  })

  test('with mixed units have neither energy nor power', () => {
    const samples = samplesOf(0, 400).map(sample => ({ ...sample, powerW: 400_000 }))
    const { gpus, findings } = observe(samples, aggregated)
    assert.deepEqual([gpus?.energyJ, gpus?.gpus[0]?.powerMeanW, gpus?.gpus[0]?.utilization], [null, null, 0.5])
    assert.match(findings[0]?.message ?? '', /units are probably confused/)
  })

  test('carry what their links say, by counters or else by rates, unless no link carries that much', () => {
    const traffic = (of: (i: number) => Partial<TimedSample>) => {
      const samples = samplesOf(0, 400).map((sample, i) => ({ ...sample, ...of(i) }))
      const [gpu] = observe(samples, aggregated).gpus?.gpus ?? []
      return [gpu?.pcieBytesPerS, gpu?.nvlinkBytesPerS]
    }
    assert.deepEqual(
      traffic(() => ({ pcieBytesPerS: 2e9, nvlinkBytesPerS: null })),
      [2e9, null],
    )
    assert.deepEqual(
      traffic(i => ({ pcieBytes: i * 1e9, nvlinkBytes: i * 1e11, nvlinkBytesPerS: 5 })),
      [1e9, 1e11],
    )
    // A counter where a rate should be, and one that was set back in between.
    assert.deepEqual(
      traffic(i => ({ pcieBytesPerS: 1e15 + i, nvlinkBytes: (i % 8) * 1e9 })),
      [null, null],
    )
  })

  test('show the traffic of their links over time: by counters between two samples, or as rates, in bytes/s', () => {
    const seriesOf = (of: (i: number) => Partial<TimedSample>) => {
      const samples = samplesOf(0, 400).map((sample, i) => ({ ...sample, ...of(i) }))
      const { pcie, nvlink } = observe(samples, aggregated).gpus?.gpus[0]?.series ?? {}
      return { pcie, nvlink }
    }
    // The window is from the sixth to the sixteenth sample; 1 GB/s first, then 3 GB/s.
    const byCounter = seriesOf(i => ({ pcieBytes: i <= 10 ? i * 1e9 : 10e9 + (i - 10) * 3e9 }))
    assert.deepEqual(byCounter.pcie?.at(0), [1000, 1e9])
    assert.deepEqual(byCounter.pcie?.at(-1), [10_000, 3e9])
    assert.equal(byCounter.nvlink, undefined)
    // A reset is no traffic, and no negative one.
    const reset = seriesOf(i => ({ nvlinkBytes: (i % 8) * 1e9 })).nvlink ?? []
    assert.deepEqual(new Set(reset.map(([, value]) => value)), new Set([1e9]))
    assert.deepEqual(seriesOf(() => ({ pcieBytesPerS: 2e9 })).pcie?.at(-1), [10_000, 2e9])
  })

  test('whose counter was set back have the energy of their power samples, or one finding that says so', () => {
    const setBack = (atMs: number, gpu: number) => (gpu === 0 && atMs > 15_000 ? atMs - 15_000 : atMs)
    const all = [0, 1].flatMap(gpu => samplesOf(gpu, 300))
    const samples = all.map(one => ({ ...one, energyJ: (300 * setBack(one.atMs, one.index ?? 0)) / 1000 }))
    const { gpus, findings } = observe(samples, disaggregated)
    assert.deepEqual(
      [gpus?.energyJ, gpus?.gpus.map(({ energyFrom }) => energyFrom), findings],
      [6000, ['samples', 'counter'], []],
    )
    const blind = observe(
      samples.map(one => ({ ...one, powerW: null })),
      disaggregated,
    )
    assert.equal(blind.gpus?.energyJ, null)
    assert.match(blind.findings.map(({ message }) => message).join(), /gpu 0: its energy counter was set back/)
  })

  test('without energy and power have the reason, not one about their page', () => {
    const samples = samplesOf(0, 300).map(one => ({ ...one, energyJ: null, powerW: Number.NaN }))
    const seen = { source: 'dcgm', samples, twice: [], unchangedS: 9 }
    const { gpus, findings } = observeGpus(seen, window, {
      ...{ deployment: aggregated, holders: [], named: null, isAsked: true },
    })
    assert.equal(gpus?.energyJ, null)
    assert.match(findings.map(({ message }) => message).join(), /reports neither its energy nor its power/)
  })

  test('of MIG have no energy: nobody counts a slice', () => {
    const { gpus, findings } = observe(samplesOf(0, 400, { isMig: true }), aggregated)
    assert.equal(gpus?.energyJ, null)
    assert.match(findings[0]?.message ?? '', /MIG/)
  })
})

/** A machine whose sampler says these lines. */
const hostsSaying = (...lines: readonly string[]): GpuHosts => ({
  ...{ holders: [], hosts: [null], markOf: () => '' },
  follow: async (_host, _argv, onLine) => {
    for (const line of lines) onLine(line)
    return { stop: async () => {}, ended: Promise.resolve() }
  },
})

async function exporter(text: () => string, status = 200) {
  const server = createServer((_, response) => response.writeHead(status).end(text())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}/metrics`,
    [Symbol.dispose]: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const dcgm = (url: string) => ({ dcgm: [url], nvidiaSmi: false, sampleS: 0.1, devices: null })
const now = () => ({ startedAt: new Date().toISOString(), durationS: 0.5 })

describe('sources of GPU telemetry', () => {
  test('a DCGM exporter’s joules are those of the window', async () => {
    const startMs = performance.now()
    const labels = 'gpu="0",UUID="GPU-0",modelName="H100",Hostname="n"'
    using page = await exporter(() => {
      const mJ = Math.round(1e9 + 400 * (performance.now() - startMs))
      return `DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{${labels}} ${mJ}\nDCGM_FI_DEV_POWER_USAGE{${labels}} 400\n`
    })
    await using watch = watchGpus(dcgm(page.url), hostsSaying())
    await watch.ready()
    const window = now()
    await setTimeout(800)
    const { gpus, findings } = await watch.observed(window, aggregated)
    assert.deepEqual(findings, [])
    const { energyJ = null, energyErrorJ = null, source } = gpus ?? {}
    assert.equal(source, 'dcgm')
    assert.ok(energyJ !== null && energyErrorJ !== null)
    // Whatever this machine does meanwhile: the counter is right by its own clock, the request adds its time.
    assert.ok(Math.abs(energyJ - 200) <= energyErrorJ + 40, `${energyJ} ± ${energyErrorJ} J`)
  })

  test('of a page that is refreshed now and then are within the error, from the change after the window', async () => {
    const began = performance.now()
    const labels = 'gpu="0",UUID="GPU-0",modelName="H100",hostname="n"'
    const joulesAt = (ms: number) => (ms < 700 ? 0.08 * ms : 56 + 0.7 * (ms - 700))
    const refreshed = () => Math.floor((performance.now() - began) / 400) * 400
    const watts = () => (refreshed() < 700 ? 80 : 700)
    using page = await exporter(
      () =>
        `DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{${labels}} ${Math.round(1e9 + 1000 * joulesAt(refreshed()))}\nDCGM_FI_DEV_POWER_USAGE{${labels}} ${watts()}\n`,
    )
    await using watch = watchGpus(dcgm(page.url), hostsSaying())
    await watch.ready()
    await setTimeout(500)
    const startMs = performance.now() - began
    const window = { startedAt: new Date().toISOString(), durationS: 4 }
    await setTimeout(4000)
    const { gpus, findings } = await watch.observed(window, aggregated)
    const truth = joulesAt(startMs + 4000) - joulesAt(startMs)
    const { energyJ, energyErrorJ, energyFrom } = gpus?.gpus[0] ?? {}
    assert.deepEqual([findings, energyFrom], [[], 'counter'])
    assert.ok(
      Math.abs((energyJ ?? 0) - truth) <= (energyErrorJ ?? 0) + 5,
      `${energyJ} ± ${energyErrorJ}, not ${truth} J`,
    )
  })

  test('of a page that does not change are unknown, with how to refresh it more often', async () => {
    const labels = 'gpu="0",UUID="GPU-0",modelName="H100",hostname="n"'
    using page = await exporter(
      () => `DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{${labels}} 1000000\nDCGM_FI_DEV_POWER_USAGE{${labels}} 700\n`,
    )
    await using watch = watchGpus(dcgm(page.url), hostsSaying())
    await watch.ready()
    const window = { startedAt: new Date().toISOString(), durationS: 2.2 }
    await setTimeout(2300)
    const { gpus, findings } = await watch.observed(window, aggregated)
    assert.equal(gpus?.energyJ, null)
    assert.match(findings[0]?.message ?? '', /stayed the same for 2\.\d s.*--collect-interval 1000/)
  })

  for (const [name, text, status, why] of [
    ['HTML', '<!doctype html><title>Sign in</title>', 200, /no DCGM_FI.*<!doctype html>/],
    ['an error', 'no', 503, /HTTP 503/],
    ['nothing of GPUs', 'up 1\n', 200, /no DCGM_FI/],
    ['nothing at all', '', 200, /no DCGM_FI.*it is empty/],
  ] as const)
    test(`a page of ${name} is one finding, and nothing else`, async () => {
      using page = await exporter(() => text, status)
      await using watch = watchGpus(dcgm(page.url), hostsSaying())
      await watch.ready()
      const { gpus, findings } = await watch.observed(now(), aggregated)
      assert.equal(gpus, null)
      assert.deepEqual(
        findings.map(({ code }) => code),
        ['gpus-unobserved'],
      )
      assert.match(findings[0]?.message ?? '', why)
    })

  test('one exporter of two that is lost is one finding, which says that the energy is unknown', async () => {
    const gpu = (power: number) => `DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-0",Hostname="n"} ${power}\n`
    using page = await exporter(() => gpu(400))
    using other = await exporter(() => '<!doctype html><title>Sign in</title>')
    const asked = { ...dcgm(page.url), dcgm: [page.url, other.url], devices: { prefill: ['GPU-0'], decode: ['GPU-1'] } }
    await using watch = watchGpus(asked, hostsSaying())
    await watch.ready()
    const { gpus, findings } = await watch.observed(now(), disaggregated)
    assert.equal(gpus?.energyJ, null)
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['gpus-unobserved'],
    )
    assert.match(findings[0]?.message ?? '', /so the energy of this point is unknown: .*Sign in/)
  })

  test('a source that is lost beside one that knows every GPU leaves the energy as it is', async () => {
    const startMs = performance.now()
    const watts = () => 400 + (performance.now() - startMs) / 100
    using page = await exporter(() => `DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-0",Hostname="n"} ${watts()}\n`)
    using other = await exporter(() => '', 503)
    await using watch = watchGpus({ ...dcgm(page.url), dcgm: [page.url, other.url] }, hostsSaying())
    await watch.ready()
    const window = now()
    await setTimeout(800)
    const { gpus, findings } = await watch.observed(window, aggregated)
    assert.ok((gpus?.energyJ ?? 0) > 100, `${gpus?.energyJ} J`)
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['gpus-unobserved'],
    )
    assert.match(findings[0]?.message ?? '', /HTTP 503/)
    assert.doesNotMatch(findings[0]?.message ?? '', /energy/)
  })

  /** Machines whose sampler says these lines every 50 ms, after its announcement. */
  const saying = (announced: string, first: readonly string[], line: (atMs: number) => string): GpuHosts => ({
    ...hostsSaying(),
    follow: async (_host, _argv, onLine) => {
      for (const text of [`fulcrum-gpus ${announced}`, ...first]) onLine(text)
      const timer = setInterval(() => onLine(line(Date.now())), 50)
      onLine(line(Date.now()))
      return { stop: async () => clearInterval(timer), ended: new Promise(() => {}) }
    },
  })

  const both: readonly (readonly [
    what: string,
    page: (joules: number) => string,
    machines: (began: number) => GpuHosts,
  ])[] = [
    [
      'amd-smi and AMD’s exporter',
      joules => {
        const labels = `gpu_id="0",serial_number="P1",gpu_uuid="other-uuid",card_model="MI300X",hostname="${hostname()}"`
        return `gpu_package_power{${labels}} 400\ngpu_energy_consumed{${labels}} ${Math.round(joules * 1e6)}\n`
      },
      began =>
        saying('amd-smi', ['list gpu,gpu_bdf,gpu_uuid', 'list 0,0000:1b:00.0,a-uuid'], atMs => {
          const joules = 5e6 + 0.4 * (atMs - began)
          return `${atMs / 1000} 1,0,95,400,${joules}`
        }),
    ],
    [
      'nvidia-smi and DCGM without UUIDs',
      joules => {
        const labels = 'gpu="0",pci_bus_id="00000000:1B:00.0",modelName="H100",Hostname="n"'
        return `DCGM_FI_DEV_POWER_USAGE{${labels}} 400\nDCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{${labels}} ${Math.round(joules * 1000)}\n`
      },
      () =>
        saying('nvidia-smi', [], atMs => {
          const time = new Date(atMs).toISOString().replaceAll('-', '/').replace('T', ' ').replace('Z', '')
          return `${time}, 0, GPU-1, H100, 700.00, 97, 70123, 81559, 1755, 61, Disabled, 400, 0x0`
        }),
    ],
  ]
  for (const [what, textOf, machinesOf] of both)
    test(`${what} together count a GPU once, and say so once`, async () => {
      const began = Date.now()
      using page = await exporter(() => textOf(1e6 + 0.4 * (Date.now() - began)))
      const asked = { dcgm: [page.url], nvidiaSmi: true, sampleS: 0.1, devices: null }
      const machines = machinesOf(began)
      const header: GpuHosts = {
        ...machines,
        follow: (host, argv, onLine) =>
          machines.follow(host, argv, line => {
            // amd-smi names its columns before each sample.
            if (/^\d+(\.\d+)? 1,0/.test(line))
              onLine(`${line.split(' ')[0]} timestamp,gpu,gfx_activity,socket_power,total_energy_consumption`)
            onLine(line)
          }),
      }
      await using watch = watchGpus(asked, header)
      await watch.ready()
      const window = now()
      await setTimeout(800)
      assert.deepEqual(
        watch.now(aggregated).map(({ role, gpus, powerW }) => [role, gpus, powerW]),
        [['aggregated', 1, 400]],
      )
      const { gpus, findings } = await watch.observed(window, aggregated)
      assert.equal(gpus?.gpus.length, 1)
      const { energyJ = null, energyErrorJ = null } = gpus ?? {}
      assert.ok(energyJ !== null && energyErrorJ !== null, JSON.stringify(findings))
      // Twice would be 400 J.
      assert.ok(Math.abs(energyJ - 200) <= energyErrorJ + 40, `${energyJ} ± ${energyErrorJ} J`)
      assert.deepEqual(
        findings.map(({ code, severity }) => [code, severity]),
        [['gpus-seen-twice', 'note']],
      )
    })

  test('a machine without GPUs is silent under auto', async () => {
    await using watch = watchGpus('auto', hostsSaying('fulcrum-gpus none'))
    await watch.ready()
    assert.deepEqual(await watch.observed(now(), aggregated), { gpus: null, findings: [] })
  })

  test('a machine without GPUs is told where it was asked for', async () => {
    const asked = { dcgm: [], nvidiaSmi: true, sampleS: 0.1, devices: null }
    await using watch = watchGpus(asked, hostsSaying('fulcrum-gpus none'))
    await watch.ready()
    const { findings } = await watch.observed(now(), aggregated)
    assert.match(findings[0]?.message ?? '', /this machine: neither NVML with Python nor nvidia-smi is available/)
  })

  test('machines that no program can run on are told where nvidia-smi was asked for, and silent under auto', async () => {
    const nowhere = { ...hostsSaying(), hosts: [] }
    const asked = { dcgm: [], nvidiaSmi: true, sampleS: 0.1, devices: null }
    await using watch = watchGpus(asked, nowhere)
    const { gpus, findings } = await watch.observed(now(), aggregated)
    assert.equal(gpus, null)
    assert.deepEqual(
      findings.map(({ code }) => code),
      ['gpus-unobserved'],
    )
    assert.match(findings[0]?.message ?? '', /nvidia-smi cannot run on the machines of the workers/)
    await using silent = watchGpus('auto', nowhere)
    assert.deepEqual(await silent.observed(now(), aggregated), { gpus: null, findings: [] })
  })

  test('a machine’s lines are placed by its own clock, wherever that stands', async () => {
    const aheadS = 5000
    const asked = { dcgm: [], nvidiaSmi: true, sampleS: 0.1, devices: null }
    let say = (_line: string) => {}
    const machines: GpuHosts = {
      ...hostsSaying(),
      follow: async (_host, _argv, onLine) => {
        say = onLine
        onLine('fulcrum-gpus nvml')
        return { stop: async () => {}, ended: new Promise(() => {}) }
      },
    }
    const rest = {
      index: 0,
      uuid: 'GPU-1',
      name: 'H200',
      mig: false,
      limit: null,
      busy: 50,
      used: 2 ** 31,
      total: null,
    }
    const more = { clock: null, temperature: null, reasons: null, pcie: null, nvlink: null, strangers: null }
    const startS = Date.now() / 1000
    const line = () => {
      const at = Date.now() / 1000
      const gpu = { ...rest, ...more, energy: Math.round(400_000 * (at - startS)) + 1e6, power: 400_000 }
      say(JSON.stringify({ at: at + aheadS, gpus: [gpu] }))
    }
    await using watch = watchGpus(asked, machines)
    await setTimeout(10)
    const timer = setInterval(line, 50)
    await watch.ready()
    const window = now()
    await setTimeout(800)
    const { gpus } = await watch.observed(window, aggregated)
    clearInterval(timer)
    assert.ok(gpus !== null && gpus.energyJ !== null)
    assert.ok(Math.abs(gpus.energyJ - 200) <= (gpus.energyErrorJ ?? 0) + 40, `${gpus.energyJ} J`)
  })
})
