import { z } from 'zod'
import { largest, smallest } from '../../model/index.ts'
import { type Check, missed, noticed, passed } from './check.ts'
import { parseNvLinks } from './gpu-settings.ts'
import { hereMachine, type Machine } from './machine.ts'
import { parseGpuProcesses, processQuery } from './nvidia-smi.ts'
import { parseAdapters, parseRates } from './rdma.ts'

/** Copies reach 80% to 90% of a link's bandwidth (nvbandwidth on A100, H100 and GB200). Lower shares are reported. */
const leastShare = 0.7
/** Pairs of GPUs on one switch differ by a few percent. */
const leastOfPairs = 0.8
const limitMs = 180_000

/** GB/s of one lane in one direction, by PCIe generation. */
const lane: { readonly [generation: number]: number } = { 3: 0.985, 4: 1.969, 5: 3.938, 6: 7.563 }

/** Bandwidths of an nvbandwidth test in GB/s, from the slowest to the fastest pair. */
export interface Copies {
  readonly name: string
  readonly min: number
  readonly max: number
}

const testcase = z.object({
  name: z.string(),
  status: z.string(),
  /** Values as text, `N/A` where a GPU would copy to itself. */
  bandwidth_matrix: z.array(z.array(z.string())).optional(),
})
const report = z.object({ error: z.string().optional(), testcases: z.array(testcase).optional() })

/**
 * Parses the output of `nvbandwidth --json`: the tests that passed. A machine waives tests that it cannot run, such as
 * copies between GPUs if it has only one. The matrix is read, because the sums beside it count `N/A` as 0 (versions 0.5
 * to 0.8) and stand there only with `--verbose`.
 * @throws SyntaxError if it is not a report, or if a test failed
 */
export function parseCopies(text: string): readonly Copies[] {
  const start = text.indexOf('{')
  const parsed: unknown = JSON.parse(start === -1 ? text : text.slice(start))
  const read = z.object({ nvbandwidth: report }).safeParse(parsed)
  if (!read.success) throw new SyntaxError('it is not a report of nvbandwidth')
  const { error, testcases = [] } = read.data.nvbandwidth
  if (error !== undefined) throw new SyntaxError(error.trim().split('\n')[0])
  return testcases.flatMap(({ name, status, bandwidth_matrix: matrix = [] }) => {
    if (/^(?:waived|not run)$/i.test(status)) return []
    const values = matrix.flat().map(Number).filter(Number.isFinite)
    if (!/^passed$/i.test(status) || values.length === 0) throw new SyntaxError(`${name}: ${status}`)
    return [{ name, min: smallest(values), max: largest(values) }]
  })
}

/**
 * Average bandwidth, Gbit/s, from the table that `ib_write_bw --report_gbits` prints; null if there is none. A warning
 * about CPU frequencies may follow the header.
 */
export function parseWriteBandwidth(text: string): number | null {
  const lines = text.split('\n')
  const header = lines.findIndex(line => line.includes('BW average[Gb/sec]'))
  const row = lines.slice(header + 1).find(line => /^\s*\d+\s+\d+\s+[\d.]+\s+[\d.]+/.test(line))
  const average = header === -1 || row === undefined ? Number.NaN : Number(row.trim().split(/\s+/)[3])
  return Number.isFinite(average) && average > 0 ? average : null
}

/**
 * Measures the transfer rates of this machine's GPUs and RDMA adapters, with nvbandwidth and ib_write_bw if they are
 * installed. Skips copies while other programs use the GPUs.
 */
export async function checkBandwidth(machine: Machine = hereMachine): Promise<readonly Check[]> {
  return [...(await gpuCopies(machine)), ...(await rdmaWrites(machine))]
}

async function gpuCopies(machine: Machine): Promise<readonly Check[]> {
  const processes = await machine.run('nvidia-smi', processQuery)
  if (!processes.ok)
    return [noticed('gpu bandwidth', 'not measured: nvidia-smi lists no GPUs', driverRemedy, machine.name)]
  const busy = parseGpuProcesses(processes.out).rows.length
  if (busy > 0) {
    const detail = `not measured: ${busy} ${busy === 1 ? 'process uses' : 'processes use'} the GPUs`
    return [noticed('gpu bandwidth', detail, 'Stop them first, because the test would slow them down.', machine.name)]
  }
  const tests = ['host_to_device_memcpy_ce', 'device_to_device_memcpy_read_ce']
  const said = await machine.run('nvbandwidth', ['--json', '--testcase', ...tests], {}, limitMs)
  if (said.absent) {
    const remedy = 'Build it from github.com/NVIDIA/nvbandwidth, and put it on the PATH.'
    return [noticed('gpu bandwidth', 'not measured: nvbandwidth is not installed', remedy, machine.name)]
  }
  const failed = (why: string) => missed('gpu bandwidth', `nvbandwidth: ${why}`, driverRemedy, machine.name)
  // It also writes errors as a report.
  if (!said.ok && !said.out.includes('"nvbandwidth"')) return [failed(said.complaint)]
  try {
    const [links, pcie] = await Promise.all([
      machine.run('nvidia-smi', ['nvlink', '--status']),
      machine.run('nvidia-smi', ['--query-gpu=pcie.link.gen.max,pcie.link.width.max', '--format=csv,noheader,nounits']),
    ])
    const rates = parseNvLinks(links.ok ? links.out : '').map(gpu => gpu.rates.reduce((sum, rate) => sum + rate, 0))
    const [generation = 0, width = 0] = (pcie.out.split('\n')[0] ?? '').split(',').map(Number)
    const expected = {
      host: (lane[generation] ?? 0) * width || null,
      peers: rates.reduce((most, rate) => Math.max(most, rate), 0) || null,
    }
    return parseCopies(said.out).map(copies => judgeCopies(copies, expected, machine.name))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return [failed(error.message)]
  }
}

const driverRemedy = 'Check the NVIDIA driver: nvidia-smi, dmesg | grep NVRM.'

/**
 * Compares copies between GPUs, or from the host to them, with the bandwidth of their links in GB/s in one direction.
 * @param expected null if unknown
 */
export function judgeCopies(
  { name, min, max }: Copies,
  expected: { readonly host: number | null; readonly peers: number | null },
  where: string,
): Check {
  const isHost = name.startsWith('host')
  const what = isHost ? 'host to GPU' : 'GPU to GPU'
  const carry = isHost ? expected.host : expected.peers
  const range = min === max ? gb(min) : `${gb(min)} to ${gb(max)}`
  const detail = `${what} ${range} GB/s${carry === null ? '' : `, and its links carry ${gb(carry)}`}`
  if (carry !== null && min < leastShare * carry) {
    const remedy = isHost
      ? 'Check the slot, the riser, and that processes run on the NUMA node of their GPU (nvidia-smi topo -m).'
      : 'Check nvidia-smi nvlink --status, nvidia-smi topo -m and the fabric manager.'
    return noticed('gpu bandwidth', detail, remedy, where)
  }
  if (min < leastOfPairs * max) {
    return noticed('gpu bandwidth', `${detail}: GPUs differ`, 'Check nvidia-smi topo -m for the slow ones.', where)
  }
  return passed('gpu bandwidth', detail, where)
}

const gb = (value: number) => String(Math.round(value * 10) / 10)

/** An adapter writes to itself, with server and client on this machine. Cable and switch are not involved. */
const loop = `
ib_write_bw -d "$1" -i "$2" -p "$3" -D 2 --report_gbits >/dev/null 2>&1 &
server=$!
sleep 1
timeout 20 ib_write_bw -d "$1" -i "$2" -p "$3" -D 2 --report_gbits 127.0.0.1
code=$?
kill "$server" 2>/dev/null
exit "$code"
`.trim()

async function rdmaWrites(machine: Machine): Promise<readonly Check[]> {
  const [devices, rates, tool] = await Promise.all([
    machine.run('ibv_devinfo', []),
    machine.run('ibstat', []),
    machine.run('bash', ['-c', 'command -v ib_write_bw']),
  ])
  // The check of the links reports problems of adapters.
  const ports = devices.ok ? adaptersIn(devices.out) : []
  const active = ports.filter(({ state }) => state === 'PORT_ACTIVE')
  if (active.length === 0) return []
  if (!tool.ok) {
    const remedy = 'Install perftest.'
    return [noticed('rdma bandwidth', 'not measured: ib_write_bw is not installed', remedy, machine.name)]
  }
  const found = parseRates(rates.out)
  const checks: Check[] = []
  for (const { adapter, port } of active) {
    const listen = String(20_000 + Math.floor(Math.random() * 10_000))
    const said = await machine.run('bash', ['-c', loop, 'doctor', adapter, String(port), listen], {}, limitMs)
    const gbits = parseWriteBandwidth(said.out)
    checks.push(
      judgeWrites(`${adapter}/${port}`, gbits ?? said.complaint, found.get(`${adapter}/${port}`) ?? null, machine.name),
    )
  }
  return checks
}

function adaptersIn(text: string) {
  try {
    return parseAdapters(text)
  } catch {
    return []
  }
}

/**
 * Compares an adapter's writes to itself with the rate of its link.
 * @param measured Gbit/s, or why there is no value
 * @param rate of its link, Gbit/s; null if unknown
 */
export function judgeWrites(port: string, measured: number | string, rate: number | null, where: string): Check {
  if (typeof measured === 'string') {
    const remedy = 'Run ib_write_bw by hand. It needs locked memory (ulimit -l) and, with RoCE, a GID (-x).'
    return noticed('rdma bandwidth', `${port}: ib_write_bw: ${measured}`, remedy, where)
  }
  const detail = `${port} writes ${Math.round(measured)} Gbit/s to itself${rate === null ? '' : `, and its link has ${rate}`}`
  if (rate === null || measured >= leastShare * rate) return passed('rdma bandwidth', detail, where)
  return noticed('rdma bandwidth', detail, 'Check the PCIe link of the adapter: lspci -vv, LnkSta.', where)
}
