// Test part: unit
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseExposition } from '../../src/telemetry/exposition.ts'
import { amdSmiReader } from '../../src/telemetry/gpu/amd-smi.ts'
import { exporterPage } from '../../src/telemetry/gpu/dcgm.ts'
import { parseSmiLine, queries, smiReader } from '../../src/telemetry/gpu/nvidia-smi.ts'
import { parseNvmlLine } from '../../src/telemetry/gpu/nvml.ts'
import { throttleOf } from '../../src/telemetry/gpu/sample.ts'

describe('a line of nvidia-smi', () => {
  const line =
    '2026/11/28 14:03:11.482, 1, GPU-7d2b, NVIDIA H100 80GB HBM3, 700.00, 97, 70123, 81559, 1755, 61, Disabled, 512.34, 0x0000000000000004'

  test('is as many values as are asked for', () => {
    for (const query of queries) assert.equal(query.split(',').length, line.split(',').length)
  })

  test('says power, utilization, memory, clock, temperature and why clocks are low', () => {
    const { samples = [] } = parseSmiLine(line, null) ?? {}
    const [gpu] = samples
    assert.equal(gpu?.id, 'GPU-7d2b')
    assert.deepEqual(
      [
        gpu?.index,
        gpu?.powerW,
        gpu?.utilization,
        gpu?.memoryUsedMib,
        gpu?.smClockMhz,
        gpu?.temperatureC,
        gpu?.powerLimitW,
      ],
      [1, 512.34, 0.97, 70123, 1755, 61, 700],
    )
    assert.deepEqual(gpu?.throttle, { power: true, thermal: false })
  })

  test('with units says the same', () => {
    const units = line.replace('700.00', '700.00 W').replace(' 97', ' 97 %').replace('70123', '70123 MiB')
    assert.deepEqual(parseSmiLine(units, null), parseSmiLine(line, null))
  })

  test('of a GPU without power management has no power, not 0 W', () => {
    const [gpu] = parseSmiLine(line.replace('512.34', '[N/A]').replace(' 97', ' [Not Supported]'), null)?.samples ?? []
    assert.deepEqual([gpu?.powerW, gpu?.utilization], [null, null])
  })

  test('that is a complaint is none', () => {
    for (const text of ['No devices were found', '', 'Unable to determine the device handle for GPU0: Unknown Error'])
      assert.equal(parseSmiLine(text, null), null)
  })
})

describe('a line of nvidia-smi dmon', () => {
  const line =
    '2026/11/28 14:03:11.482, 1, GPU-7d2b, NVIDIA H100 80GB HBM3, 700.00, 97, 70123, 81559, 1755, 61, Disabled, 512.34, 0x0'
  /** What the last of these lines says of PCIe. */
  const rateAfter = (...lines: readonly string[]): number | null | undefined => {
    const read = smiReader()
    return lines.map(text => read(text, null)).at(-1)?.samples[0]?.pcieBytesPerS
  }

  test('says the traffic over PCIe, to and from the GPU of its index, in MB/s', () => {
    assert.equal(
      rateAfter(line, 'dmon # gpu  rxpci  txpci', 'dmon # Idx   MB/s   MB/s', 'dmon     1     60     13'),
      73e6,
    )
  })

  test('has its columns where its header says', () => {
    const header = 'dmon # gpu    pwr  gtemp  rxpci  txpci'
    assert.equal(rateAfter(line, header, 'dmon     1    365     55  21846   6849'), 28_695e6)
  })

  test('says nothing of a GPU that was not named yet, without a header, or without a value', () => {
    const header = 'dmon # gpu  rxpci  txpci'
    assert.equal(rateAfter(header, 'dmon     1     60     13'), undefined)
    assert.equal(rateAfter(line, header, 'dmon     0     60     13'), undefined)
    assert.equal(rateAfter(line, 'dmon     1     60     13'), undefined)
    assert.equal(rateAfter(line, header, 'dmon     1      -      -'), undefined)
    assert.equal(rateAfter(line, header, 'dmon Not supported on the device(s)'), undefined)
  })
})

describe('a line of amd-smi', () => {
  const header = 'timestamp,gpu,gfx_activity,vcn_activity,socket_power,hotspot,total_energy_consumption'
  const last = (...lines: readonly string[]) => {
    const read = amdSmiReader()
    return lines.map(text => read(`1789515525.25 ${text}`, null)).at(-1)
  }

  test('is of the moment at which it came, and has its columns where its header says', () => {
    const read = last(header, `1789515524,3,50,"['N/A', 'N/A']",288,44,178319501.7`)
    assert.equal(read?.sentMs, 1_789_515_525_250)
    const [gpu] = read?.samples ?? []
    assert.deepEqual(
      [gpu?.index, gpu?.powerW, gpu?.utilization, gpu?.temperatureC, gpu?.energyJ],
      [3, 288, 0.5, 44, 178_319_501.7],
    )
  })

  test('has no power where amd-smi says N/A, not 0 W', () => {
    const [gpu] = last(header, '1789515524,0,N/A,,N/A,N/A,N/A')?.samples ?? []
    assert.deepEqual([gpu?.powerW, gpu?.utilization, gpu?.energyJ], [null, null, null])
  })

  test('that is none, or was cut, is passed over', () => {
    for (const text of [
      "'CTRL' + 'C' to stop watching output:",
      '',
      '1789515524,0,50',
      'ERROR:root:Unable to get power info',
      '1789515524,0,50,"[0, 0',
    ])
      assert.equal(last(header, text), null, text)
    assert.equal(amdSmiReader()('1789515524,0,50', null), null)
  })
})

describe('a line of the NVML program', () => {
  test('has its units converted', () => {
    const gpu = {
      ...{
        index: 0,
        uuid: 'GPU-1',
        name: 'NVIDIA H200',
        mig: false,
        energy: 1_500_000,
        power: 400_500,
        limit: 700_000,
      },
      ...{ busy: 50, used: 2 ** 30, total: 2 ** 31, clock: 1980, temperature: 44, reasons: 1, pcie: 10, nvlink: null },
      strangers: null,
    }
    const read = parseNvmlLine(JSON.stringify({ at: 12.5, gpus: [gpu] }), 'node-1')
    assert.equal(read?.sentMs, 12_500)
    const [sample] = read?.samples ?? []
    assert.deepEqual(
      [sample?.energyJ, sample?.powerW, sample?.utilization, sample?.memoryUsedMib, sample?.host, sample?.nvlinkBytes],
      [1500, 400.5, 0.5, 1024, 'node-1', null],
    )
  })

  test('may say the counters alone', () => {
    const read = parseNvmlLine('{"at":1,"energies":[{"uuid":"GPU-1","energy":2000}]}', null)
    assert.deepEqual(
      read?.samples.map(({ id, energyJ, powerW }) => [id, energyJ, powerW]),
      [['GPU-1', 2, null]],
    )
  })

  test('that is none is passed over', () =>
    assert.equal(parseNvmlLine('Traceback (most recent call last):', null), null))
})

describe('why clocks are low', () => {
  const cases = [
    [0x1, false, false],
    [0x2, false, false],
    [0x4, true, false],
    [0x80, true, false],
    [0x88, true, false],
    [0x20, false, true],
    [0x40, false, true],
    [0x8, false, true],
    [0x44, true, true],
  ] as const
  for (const [mask, power, thermal] of cases)
    test(`0x${mask.toString(16)}`, () => assert.deepEqual(throttleOf(mask), { power, thermal }))
})

describe('a page of dcgm-exporter', () => {
  const labels = (gpu: number, more = '') =>
    `gpu="${gpu}",UUID="GPU-${gpu}",pci_bus_id="00000000:0${gpu}:00.0",device="nvidia${gpu}",modelName="NVIDIA H100 80GB HBM3",Hostname="node-3"${more}`
  const pageOf = (...lines: readonly string[]) => exporterPage(parseExposition(lines.join('\n')))

  test('says energy in J, power in W and shares as such', () => {
    const page = pageOf(
      '# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter',
      `DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{${labels(0)}} 15152422938`,
      `DCGM_FI_DEV_POWER_USAGE{${labels(0)}} 412.5`,
      `DCGM_FI_DEV_GPU_UTIL{${labels(0)}} 93`,
      `DCGM_FI_PROF_SM_ACTIVE{${labels(0)}} 0.41`,
      `DCGM_FI_DEV_FB_USED{${labels(0)}} 70000`,
      `DCGM_FI_DEV_FB_FREE{${labels(0)}} 10000`,
    )
    const [gpu] = page?.samples ?? []
    assert.deepEqual(
      [gpu?.energyJ, gpu?.powerW, gpu?.utilization, gpu?.smActive, gpu?.memoryTotalMib, gpu?.host, gpu?.index],
      [15152422.938, 412.5, 0.93, 0.41, 80000, 'node-3', 0],
    )
  })

  test('says the pod that holds a GPU, also through Prometheus', () => {
    const page = pageOf(
      `DCGM_FI_DEV_POWER_USAGE{${labels(0, ',namespace="llm",pod="d-0-prefillworker-x"')}} 400`,
      `DCGM_FI_DEV_POWER_USAGE{${labels(1, ',namespace="monitoring",pod="dcgm",exported_namespace="llm",exported_pod="d-0-decodeworker-y"')}} 300`,
    )
    assert.deepEqual(
      page?.samples.map(({ pod }) => pod),
      ['llm/d-0-prefillworker-x', 'llm/d-0-decodeworker-y'],
    )
  })

  test('tells MIG devices of one GPU apart', () => {
    const page = pageOf(
      `DCGM_FI_DEV_POWER_USAGE{${labels(0, ',GPU_I_PROFILE="1g.10gb",GPU_I_ID="7"')}} 90`,
      `DCGM_FI_DEV_POWER_USAGE{${labels(0, ',GPU_I_PROFILE="1g.10gb",GPU_I_ID="8"')}} 90`,
    )
    assert.deepEqual(
      page?.samples.map(({ id, isMig }) => [id, isMig]),
      [
        ['GPU-0/GI7', true],
        ['GPU-0/GI8', true],
      ],
    )
  })

  test('that names a GPU twice with different values is told', () => {
    const page = pageOf(`DCGM_FI_DEV_POWER_USAGE{${labels(0)}} 90`, `DCGM_FI_DEV_POWER_USAGE{${labels(0)}} 91`)
    assert.deepEqual(page?.twice, ['GPU-0'])
  })

  test('says the traffic over NVLink and PCIe in both directions, as rates', () => {
    const page = pageOf(
      '# TYPE DCGM_FI_PROF_PCIE_TX_BYTES gauge',
      `DCGM_FI_PROF_PCIE_TX_BYTES{${labels(0)}} 4791810`,
      `DCGM_FI_PROF_PCIE_RX_BYTES{${labels(0)}} 9786360`,
      `DCGM_FI_PROF_NVLINK_TX_BYTES{${labels(0)}} 1.2e11`,
      `DCGM_FI_PROF_NVLINK_RX_BYTES{${labels(0)}} 1.3e11`,
      // Half of a pair is no traffic.
      `DCGM_FI_PROF_PCIE_TX_BYTES{${labels(1)}} 4791810`,
    )
    assert.deepEqual(
      page?.samples.map(({ pcieBytesPerS, nvlinkBytesPerS }) => [pcieBytesPerS, nvlinkBytesPerS]),
      [
        [14_578_170, 2.5e11],
        [null, null],
      ],
    )
  })

  test('leaves out values that DCGM calls blank', () => {
    const page = pageOf(
      `DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{${labels(0)}} 9223372036854775794`,
      `DCGM_FI_DEV_POWER_USAGE{${labels(0)}} 140737488355328`,
    )
    assert.deepEqual(
      page?.samples.map(({ energyJ, powerW }) => [energyJ, powerW]),
      [[null, null]],
    )
  })

  test('of version 4.8.2 and later names the host in lower case, the old namespace the UUID', () => {
    const page = pageOf(
      'DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-0",pci_bus_id="",device="nvidia0",modelName="H100",hostname="node-3"} 90',
      'DCGM_FI_DEV_POWER_USAGE{gpu="1",uuid="GPU-1",pci_bus_id="",device="nvidia1",modelName="H100",Hostname="node-3"} 91',
    )
    assert.deepEqual(
      page?.samples.map(({ id, host }) => [id, host]),
      [
        ['GPU-0', 'node-3'],
        ['GPU-1', 'node-3'],
      ],
    )
  })

  test('has no GPU in its NVLinks, NVSwitches and CPUs', () => {
    const page = pageOf(
      `DCGM_FI_DEV_POWER_USAGE{${labels(0)}} 90`,
      'DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL{nvlink="3",gpu="0",gpu_uuid="GPU-0",device="nvidia0",model_name="H100",hostname="node-3"} 0',
      'DCGM_FI_DEV_NVSWITCH_TEMPERATURE_CURRENT{nvswitch="0",hostname="node-3"} 41',
      'DCGM_FI_DEV_CPU_POWER_UTIL_CURRENT{cpu="0",hostname="node-3"} 140',
      'DCGM_FI_DEV_CPU_UTIL_TOTAL{cpucore="7",cpu="0",hostname="node-3"} 0.5',
    )
    assert.deepEqual(
      page?.samples.map(({ id, powerW }) => [id, powerW]),
      [['GPU-0', 90]],
    )
  })

  test('of HTML is none', () => assert.equal(pageOf('<!doctype html><title>Sign in</title>'), null))
})

test('a page of device-metrics-exporter says power, use and memory', () => {
  const labels = 'gpu_id="1",card_model="Instinct MI300X",serial_number="SN-1",hostname="node-a"'
  const text = `gpu_package_power{${labels}} 748\ngpu_gfx_activity{${labels}} 80\ngpu_used_vram{${labels}} 183265`
  const [gpu] = exporterPage(parseExposition(text))?.samples ?? []
  assert.deepEqual(
    [gpu?.id, gpu?.index, gpu?.powerW, gpu?.utilization, gpu?.memoryUsedMib],
    ['SN-1', 1, 748, 0.8, 183265],
  )
})

test('a page of device-metrics-exporter has its energy in µJ, says why clocks were low, and may have many clocks', () => {
  const gpu = 'gpu_id="0",card_model="Instinct MI300X",serial_number="SN-0",hostname="node-a"'
  const page = exporterPage(
    parseExposition(
      [
        `gpu_energy_consumed{${gpu}} 5e9`,
        `gpu_clock{${gpu},clock_index="0",clock_type="GPU_CLOCK_TYPE_SYSTEM"} 2100`,
        `gpu_clock{${gpu},clock_index="8",clock_type="GPU_CLOCK_TYPE_MEMORY"} 1300`,
        `gpu_violation_ppt_residency_percentage{${gpu}} 12`,
        `gpu_violation_socket_thermal_residency_percentage{${gpu}} 0`,
      ].join('\n'),
    ),
  )
  const [sample] = page?.samples ?? []
  assert.equal(sample?.energyJ, 5000)
  assert.deepEqual(sample?.throttle, { power: true, thermal: false })
  assert.deepEqual(page?.twice, [])
})

test('a page of device-metrics-exporter says the traffic over PCIe, and over its XGMI links together', () => {
  const gpu = 'gpu_id="0",card_model="Instinct MI300X",serial_number="SN-0",hostname="node-a"'
  const page = exporterPage(
    parseExposition(
      [
        `pcie_bandwidth{${gpu}} 8000`,
        `gpu_xgmi_link_rx{${gpu},link_index="0"} 100`,
        `gpu_xgmi_link_rx{${gpu},link_index="1"} 200`,
        `gpu_xgmi_link_tx{${gpu},link_index="0"} 30`,
        `gpu_xgmi_link_tx{${gpu},link_index="1"} NaN`,
      ].join('\n'),
    ),
  )
  const [sample] = page?.samples ?? []
  assert.deepEqual([sample?.pcieBytesPerS, sample?.nvlinkBytes], [1e9, 330 * 1024])
  assert.deepEqual(page?.twice, [])
})

test('a page of device-metrics-exporter tells the partitions of one GPU apart, of which only the first has the power', () => {
  const part = (partition: number, kind: string) =>
    `gpu_id="${partition}",serial_number="SN-0",gpu_partition_id="${partition}",gpu_compute_partition_type="${kind}",hostname="node-a"`
  const page = (kind: string) =>
    exporterPage(parseExposition([412, 0].map((watts, i) => `gpu_power_usage{${part(i, kind)}} ${watts}`).join('\n')))
  assert.deepEqual(page('cpx')?.twice, [])
  assert.deepEqual(
    page('cpx')?.samples.map(({ id, isMig }) => [id, isMig]),
    [
      ['SN-0/GI0', true],
      ['SN-0/GI1', true],
    ],
  )
  const [whole] = exporterPage(parseExposition(`gpu_power_usage{${part(0, 'spx')}} 412`))?.samples ?? []
  assert.deepEqual([whole?.id, whole?.isMig], ['SN-0', false])
})

test('several error codes of one GPU are no contradiction, two powers are', () => {
  const gpu = 'gpu="0",UUID="GPU-0",Hostname="n"'
  const codes = `DCGM_FI_DEV_XID_ERRORS{${gpu},err_code="13"} 13\nDCGM_FI_DEV_XID_ERRORS{${gpu},err_code="31"} 31\n`
  assert.deepEqual(exporterPage(parseExposition(codes))?.twice, [])
  const powers = `DCGM_FI_DEV_POWER_USAGE{${gpu}} 100\nDCGM_FI_DEV_POWER_USAGE{${gpu}} 200\n`
  assert.deepEqual(exporterPage(parseExposition(codes + powers))?.twice, ['GPU-0'])
})
