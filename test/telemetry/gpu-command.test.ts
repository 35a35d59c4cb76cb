// Test part: process
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { amdSmiReader } from '../../src/telemetry/gpu/amd-smi.ts'
import { samplerCommand } from '../../src/telemetry/gpu/command.ts'
import { parseSmiLine, smiReader } from '../../src/telemetry/gpu/nvidia-smi.ts'

/** As a driver of branch 580 prints it on an H100. */
const values = '0, GPU-5e0f, NVIDIA H100 80GB HBM3, 700.00, 97, 70123, 81559, 1980, 61, Disabled, 512.34'

describe('the sampler on a machine', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-sampler-'))
    // A Python that finds no NVML, whatever this machine has.
    for (const python of ['python3', 'python']) await program(python, 'exit 3')
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function program(name: string, script: string) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`)
    await chmod(join(folder, name), 0o755)
  }

  /** The first lines that the sampler prints, up to the first that fits. */
  async function linesUntil(fits: (line: string) => boolean): Promise<readonly string[]> {
    const [command, ...args] = samplerCommand(0.2, '')
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` }
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
    const ended = once(child, 'close')
    const lines: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line)
      if (fits(line)) break
    }
    // As Fulcrum does: with all that it started.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    child.stdout.destroy()
    await ended
    return lines
  }
  const isSample = (line: string) => line.startsWith('2026/')

  /** A stand-in that knows some fields, and samples for ever when it is told to loop. */
  const smi = (unknown: string, reasons: string) =>
    `
case "$*" in *"${unknown}"*) echo 'Field "${unknown}" is not a valid field to query.'; exit 2 ;; esac
case "$*" in
*--loop-ms=200*) while :; do echo "2026/11/29 05:00:00.000, ${values}, ${reasons}"; sleep 0.05; done ;;
*--loop*) exit 9 ;;
dmon*) printf '# gpu  rxpci  txpci\\n# Idx   MB/s   MB/s\\n'; while sleep 0.05; do echo '    0  21846   6849'; done ;;
*) echo "2026/11/29 05:00:00.000, ${values}, ${reasons}" ;;
esac`

  test('takes nvidia-smi where there is no NVML, as often as it is asked to', async () => {
    await program('nvidia-smi', smi('no.such.field', '0x0000000000000004'))
    const lines = await linesUntil(isSample)
    const [said, line = ''] = [lines[0], lines.at(-1)]
    assert.equal(said, 'fulcrum-gpus nvidia-smi')
    const sample = parseSmiLine(line, 'node-a')?.samples[0]
    assert.deepEqual(
      [sample?.id, sample?.powerW, sample?.utilization, sample?.memoryUsedMib, sample?.throttle],
      ['GPU-5e0f', 512.34, 0.97, 70_123, { power: true, thermal: false }],
    )
  })

  test('asks a driver from before 530 by the names that it knows', async () => {
    await program('nvidia-smi', smi('power.draw.instant', '0x0000000000000040'))
    const lines = await linesUntil(isSample)
    const [said, line = ''] = [lines[0], lines.at(-1)]
    assert.equal(said, 'fulcrum-gpus nvidia-smi')
    assert.deepEqual(parseSmiLine(line, null)?.samples[0]?.throttle, { power: false, thermal: true })
  })

  test('says that there is none where nvidia-smi reaches no driver', async () => {
    await program(
      'nvidia-smi',
      `echo "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."; exit 9`,
    )
    assert.deepEqual(await linesUntil(() => true), ['fulcrum-gpus none'])
  })

  test('adds the traffic over PCIe, which nvidia-smi dmon samples', async () => {
    await program('nvidia-smi', smi('no.such.field', '0x0'))
    const read = smiReader()
    const rateOf = (line: string) => read(line, null)?.samples[0]?.pcieBytesPerS ?? null
    const rates: (number | null)[] = []
    await linesUntil(line => {
      rates.push(rateOf(line))
      return rates.at(-1) !== null
    })
    assert.equal(rates.at(-1), 28_695e6)
  })

  test('takes amd-smi where there is no driver of NVIDIA, with the time at which each line came', async () => {
    await rm(join(folder, 'nvidia-smi'), { force: true })
    await program('nvidia-smi', 'exit 9')
    // As amd-smi 26.2 prints it on an MI355X.
    const sample = `timestamp,gpu,gfx_activity,vcn_activity,socket_power,gfx_0_clk,edge,hotspot,mem,total_vram,used_vram,total_energy_consumption
1789515525,0,95,"['N/A', 'N/A']",1180,2402,N/A,78,60,294896,183265,20909145.914`
    await program(
      'amd-smi',
      `[ "$1" = metric ] || exit 1
printf '%s\\n' "'CTRL' + 'C' to stop watching output:"
case "$*" in *" -w 1") while :; do cat <<'ROWS'
${sample}

ROWS
sleep 0.1; done ;; esac`,
    )
    const read = amdSmiReader()
    let gpu: ReturnType<typeof read> = null
    const beganMs = Date.now()
    const [said] = await linesUntil(line => {
      gpu = read(line, 'node-a')
      return gpu !== null
    })
    await rm(join(folder, 'amd-smi'))
    assert.equal(said, 'fulcrum-gpus amd-smi')
    const seen = gpu as ReturnType<typeof read>
    assert.ok((seen?.sentMs ?? 0) >= beganMs - 1 && (seen?.sentMs ?? 0) <= Date.now() + 1)
    const [one] = seen?.samples ?? []
    assert.deepEqual(
      [one?.index, one?.host, one?.powerW, one?.energyJ, one?.utilization, one?.temperatureC, one?.memoryUsedMib],
      [0, 'node-a', 1180, 20_909_145.914, 0.95, 78, 183_265],
    )
  })

  test('takes amd-smi in the guest of a VM, which knows no energy', async () => {
    await program('nvidia-smi', 'exit 9')
    await program(
      'amd-smi',
      `case "$*" in *-E*) echo "amd-smi: error: unrecognized arguments: -E" >&2; exit 2 ;;
*" -w 1") while :; do printf 'timestamp,gpu,gfx_activity,socket_power\\n1789515525,0,95,640\\n'; sleep 0.1; done ;; esac`,
    )
    const read = amdSmiReader()
    const powers: (number | null)[] = []
    await linesUntil(line => {
      for (const { powerW, energyJ } of read(line, null)?.samples ?? []) powers.push(powerW, energyJ)
      return powers.length > 0
    })
    await rm(join(folder, 'amd-smi'))
    assert.deepEqual(powers, [640, null])
  })
})
