// Test part: process
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { samplerCommand } from '../../src/telemetry/gpu/command.ts'
import { parseSmiLine } from '../../src/telemetry/gpu/nvidia-smi.ts'

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

  /** The first lines that the sampler prints. */
  async function linesOf(count: number): Promise<readonly string[]> {
    const [command, ...args] = samplerCommand(0.2, '')
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` }
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'close')
    const lines: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line)
      if (lines.length === count) break
    }
    child.kill()
    await ended
    return lines
  }

  /** A stand-in that knows some fields, and samples for ever when it is told to loop. */
  const smi = (unknown: string, reasons: string) =>
    `
case "$*" in *"${unknown}"*) echo 'Field "${unknown}" is not a valid field to query.'; exit 2 ;; esac
case "$*" in
*--loop-ms=200*) while :; do echo "2026/11/29 05:00:00.000, ${values}, ${reasons}"; sleep 0.05; done ;;
*--loop*) exit 9 ;;
*) echo "2026/11/29 05:00:00.000, ${values}, ${reasons}" ;;
esac`

  test('takes nvidia-smi where there is no NVML, as often as it is asked to', async () => {
    await program('nvidia-smi', smi('no.such.field', '0x0000000000000004'))
    const [said, line = ''] = await linesOf(2)
    assert.equal(said, 'fulcrum-gpus nvidia-smi')
    const sample = parseSmiLine(line, 'node-a')?.samples[0]
    assert.deepEqual(
      [sample?.id, sample?.powerW, sample?.utilization, sample?.memoryUsedMib, sample?.throttle],
      ['GPU-5e0f', 512.34, 0.97, 70_123, { power: true, thermal: false }],
    )
  })

  test('asks a driver from before 530 by the names that it knows', async () => {
    await program('nvidia-smi', smi('power.draw.instant', '0x0000000000000040'))
    const [said, line = ''] = await linesOf(2)
    assert.equal(said, 'fulcrum-gpus nvidia-smi')
    assert.deepEqual(parseSmiLine(line, null)?.samples[0]?.throttle, { power: false, thermal: true })
  })

  test('says that there is none where nvidia-smi reaches no driver', async () => {
    await program(
      'nvidia-smi',
      `echo "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."; exit 9`,
    )
    assert.deepEqual(await linesOf(1), ['fulcrum-gpus none'])
  })
})
