// Test part: unit
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  checkBandwidth,
  judgeCopies,
  judgeWrites,
  parseCopies,
  parseWriteBandwidth,
} from '../../../src/deployers/doctor/bandwidth.ts'
import type { Check } from '../../../src/deployers/doctor/check.ts'
import type { Machine, ProgramOutput } from '../../../src/deployers/doctor/machine.ts'

const level = ({ ok, remedy }: Check) => (ok ? (remedy === undefined ? 'ok' : 'note') : 'FAIL')

/** As nvbandwidth 0.5 to 0.8 print it with --json. */
const report = (...testcases: readonly object[]) =>
  JSON.stringify({ nvbandwidth: { version: 'v0.8', testcases } }, null, 1)
const hostCopies = { name: 'host_to_device_memcpy_ce', status: 'Passed', bandwidth_matrix: [['55.1', '55.4']] }
const peerCopies = {
  ...{ name: 'device_to_device_memcpy_read_ce', status: 'Passed', sum: 790.33 },
  bandwidth_matrix: [
    ['N/A', '395.08'],
    ['395.25', 'N/A'],
  ],
}

describe('a report of nvbandwidth', () => {
  it('has the slowest and the fastest copy of each test, whatever stands before it', () => {
    const found = [
      { name: 'host_to_device_memcpy_ce', min: 55.1, max: 55.4 },
      { name: 'device_to_device_memcpy_read_ce', min: 395.08, max: 395.25 },
    ]
    assert.deepEqual(parseCopies(report(hostCopies, peerCopies)), found)
    assert.deepEqual(parseCopies(`NOTE: MPI is off\n${report(hostCopies, peerCopies)}`), found)
  })

  it('leaves out tests that a machine cannot run', () => {
    assert.deepEqual(parseCopies(report({ name: peerCopies.name, status: 'Waived' })), [])
  })

  it('of a failed test, or of something else, is none', () => {
    const { bandwidth_matrix: _, ...failed } = peerCopies
    assert.throws(() => parseCopies(report({ ...failed, status: 'Error' })), /read_ce: Error/)
    for (const text of ['', 'CUDA error 803', '{}', '{"testcases":[{"name":1}]}'])
      assert.throws(() => parseCopies(text), SyntaxError)
  })

  it('of an error has its text', () => {
    const text =
      '{"nvbandwidth":{"error":"[CUDA_ERROR_SYSTEM_NOT_READY] system not yet initialized in expression cuInit(0)\\n"}}'
    assert.throws(() => parseCopies(text), /^SyntaxError: \[CUDA_ERROR_SYSTEM_NOT_READY\] system not yet initialized/)
  })
})

describe('copies', () => {
  const links = { host: 63, peers: 478 }
  const verdict = (name: string, min: number, max: number, expected = links) =>
    level(judgeCopies({ name, min, max }, expected, 'here'))

  it('that use most of their links are well', () => {
    assert.equal(verdict('device_to_device_memcpy_read_ce', 395, 396), 'ok')
    assert.equal(verdict('host_to_device_memcpy_ce', 55, 55), 'ok')
    // Grace and Blackwell are connected by more than PCIe.
    assert.equal(verdict('host_to_device_memcpy_ce', 400, 401), 'ok')
  })

  it('that are slow, or unequal, are worth a look', () => {
    assert.equal(verdict('device_to_device_memcpy_read_ce', 48, 48), 'note')
    assert.equal(verdict('host_to_device_memcpy_ce', 27, 55), 'note')
    const unknown = { host: null, peers: null }
    assert.match(
      judgeCopies({ name: 'device_to_device_memcpy_read_ce', min: 40, max: 395 }, unknown, 'here').detail,
      /40 to 395 GB\/s: GPUs differ/,
    )
  })
})

const table = ` #bytes     #iterations    BW peak[Gb/sec]    BW average[Gb/sec]   MsgRate[Mpps]
Conflicting CPU frequency values detected: 1500.000000 != 3300.016000. CPU Frequency is not max.
 65536      560845           0.00               98.02                0.186950
---------------------------------------------------------------------------------------`

describe('what an adapter writes to itself', () => {
  it('is the average of the table', () => {
    assert.equal(parseWriteBandwidth(table), 98.02)
    assert.equal(parseWriteBandwidth('Unable to init the socket connection'), null)
    assert.equal(parseWriteBandwidth(table.replace('98.02', '0.00 ')), null)
  })

  it('is held against its link', () => {
    assert.equal(level(judgeWrites('mlx5_0/1', 387, 400, 'here')), 'ok')
    assert.equal(level(judgeWrites('mlx5_0/1', 50, 400, 'here')), 'note')
    assert.equal(level(judgeWrites('mlx5_0/1', 50, null, 'here')), 'ok')
    assert.match(judgeWrites('mlx5_0/1', 'Cannot allocate memory', 400, 'here').remedy ?? '', /ulimit -l/)
  })
})

describe('the test of bandwidth', () => {
  const absent: ProgramOutput = { ok: false, absent: true, out: '', complaint: 'not found' }
  /** A machine whose programs say this. */
  const machine = (programs: {
    readonly [start: string]: string | ProgramOutput
  }): Machine & { readonly asked: string[] } => {
    const asked: string[] = []
    return {
      name: 'node a',
      asked,
      run: async (program, args) => {
        const line = [program, ...args].join(' ')
        asked.push(line)
        const said = Object.entries(programs).find(([start]) => line.startsWith(start))?.[1] ?? absent
        return typeof said === 'string' ? { ok: true, absent: false, out: said, complaint: '' } : said
      },
    }
  }
  const lines = (checks: readonly Check[]) => checks.map(check => `${level(check)} ${check.name}: ${check.detail}`)
  const idle = { 'nvidia-smi --query-compute-apps': '' }
  const adapters = {
    ibv_devinfo:
      'hca_id: mlx5_0\n port: 1\n  state: PORT_ACTIVE (4)\n  link_layer: InfiniBand\n port: 2\n  state: PORT_DOWN (1)\n',
    ibstat: "CA 'mlx5_0'\n\tCA type: MT4129\n\tPort 1:\n\t\tRate: 400\n",
  }

  it('measures GPUs against their links, and each active port of an adapter', async () => {
    const rates = Array.from({ length: 18 }, (_, i) => `\t Link ${i}: 26.562 GB/s`).join('\n')
    const checks = await checkBandwidth(
      machine({
        ...{ ...idle, ...adapters, nvbandwidth: report(hostCopies, peerCopies) },
        'nvidia-smi nvlink': `GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-0)\n${rates}`,
        'nvidia-smi --query-gpu=pcie': '5, 16\n5, 16',
        'bash -c command -v': '/usr/bin/ib_write_bw',
        'bash -c ib_write_bw': table.replace('98.02', '387.9'),
      }),
    )
    assert.deepEqual(lines(checks), [
      'ok gpu bandwidth: host to GPU 55.1 to 55.4 GB/s, and its links carry 63',
      'ok gpu bandwidth: GPU to GPU 395.1 to 395.3 GB/s, and its links carry 478.1',
      'ok rdma bandwidth: mlx5_0/1 writes 388 Gbit/s to itself, and its link has 400',
    ])
  })

  it('copies nothing while a program uses the GPUs', async () => {
    const busy = machine({ 'nvidia-smi --query-compute-apps': 'GPU-0, 4242, python3, 60000', nvbandwidth: report() })
    assert.deepEqual(lines(await checkBandwidth(busy)), ['note gpu bandwidth: not measured: 1 process uses the GPUs'])
    assert.ok(!busy.asked.some(line => line.startsWith('nvbandwidth')))
  })

  it('says what is not installed, and what failed', async () => {
    assert.deepEqual(lines(await checkBandwidth(machine({ ...idle, ...adapters }))), [
      'note gpu bandwidth: not measured: nvbandwidth is not installed',
      'note rdma bandwidth: not measured: ib_write_bw is not installed',
    ])
    const failing = { ok: false, absent: false, out: '', complaint: 'CUDA_ERROR_SYSTEM_NOT_READY' }
    assert.deepEqual(lines(await checkBandwidth(machine({ ...idle, nvbandwidth: failing }))), [
      'FAIL gpu bandwidth: nvbandwidth: CUDA_ERROR_SYSTEM_NOT_READY',
    ])
    const told = { ...failing, out: '{"nvbandwidth":{"error":"[CUDA_ERROR_NO_DEVICE] no CUDA-capable device"}}' }
    assert.deepEqual(lines(await checkBandwidth(machine({ ...idle, nvbandwidth: told }))), [
      'FAIL gpu bandwidth: nvbandwidth: [CUDA_ERROR_NO_DEVICE] no CUDA-capable device',
    ])
    assert.deepEqual(lines(await checkBandwidth(machine({}))), [
      'note gpu bandwidth: not measured: nvidia-smi lists no GPUs',
    ])
  })
})
