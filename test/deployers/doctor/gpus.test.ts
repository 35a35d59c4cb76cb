// Test part: process

import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { AskedGpus } from '../../../src/deployers/doctor/check.ts'
import { checkGpus, judgeGpus } from '../../../src/deployers/doctor/gpus.ts'
import type { Machine, ProgramOutput } from '../../../src/deployers/doctor/machine.ts'
import { hereMachine } from '../../../src/deployers/doctor/machine.ts'
import { parseGpuProcesses, parseGpus, parseMigDevices } from '../../../src/deployers/doctor/nvidia-smi.ts'

const row = (index: number, more: { used?: string; load?: string; mig?: string; mode?: string; ecc?: string } = {}) =>
  [
    ...[index, `GPU-${index}`, 'NVIDIA H100 80GB HBM3', '570.86.15', more.used ?? '4', '81559', more.load ?? '0'],
    ...[more.mig ?? 'Disabled', more.mode ?? 'Default', more.ecc ?? '0'],
  ].join(', ')

const judged = (wanted: AskedGpus, rows: readonly string[], processes = '', list = '') =>
  judgeGpus(
    wanted,
    {
      ...{ gpus: parseGpus(rows.join('\n')).rows, warnings: parseGpus(rows.join('\n')).warnings },
      processes: parseGpuProcesses(processes).rows,
      migDevices: parseMigDevices(list),
    },
    'this machine',
  )
const failures = (...given: Parameters<typeof judged>) =>
  judged(...given).flatMap(({ name, ok, detail }) => (ok ? [] : [`${name}: ${detail}`]))

describe('GPUs', () => {
  it('that are there and free pass, with what they are', () => {
    const [check, ...more] = judged([0, 1], [row(0), row(1), row(2, { used: '70000' })])
    assert.deepEqual([check?.ok, check?.detail], [true, '2 × NVIDIA H100 80GB HBM3, 81559 MiB each; driver 570.86.15'])
    assert.deepEqual(more, [])
  })

  it('that are absent fail by their numbers', () => {
    assert.deepEqual(failures([0, 7, 8], [row(0)]), ['gpus: there is no GPU 7, 8; there are 0'])
    assert.deepEqual(failures([0], []), ['gpus: there is no GPU 0; there are none'])
  })

  it('whose memory or time another program takes fail, with the program', () => {
    const processes = 'GPU-1, 4711, /usr/bin/python3, with a comma, 69000\nGPU-0, 12, [Not Found], [N/A]'
    assert.deepEqual(failures([0, 1], [row(0), row(1, { used: '70000', load: '97' })], processes), [
      'gpu 1: 70000 of 81559 MiB in use, 97 % busy: /usr/bin/python3, with a comma (4711 69000 MiB)',
    ])
    assert.match(failures([0], [row(0, { load: '100' })])[0] ?? '', /100 % busy: a process that nvidia-smi cannot see/)
  })

  it('with memory errors, or that need a reset, fail', () => {
    assert.match(failures([0], [row(0, { ecc: '3' })])[0] ?? '', /gpu 0: 3 uncorrected ECC errors/)
    assert.match(
      failures([0], [row(0, { load: '[GPU requires reset]' })])[0] ?? '',
      /utilization\.gpu: \[GPU requires reset\]/,
    )
  })

  it('that are split by MIG fail, with their devices', () => {
    const list = [
      'GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-0)',
      '  MIG 3g.40gb     Device  0: (UUID: MIG-1)',
      '  MIG 1g.10gb     Device  1: (UUID: MIG-2)',
      'GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-1)',
    ].join('\n')
    const rows = [row(0, { mig: 'Enabled', load: '[N/A]' }), row(1, { mig: 'Enabled', load: '[N/A]' })]
    const found = failures([0, 1], rows, '', list)
    assert.match(found[0] ?? '', /gpu 0: MIG is on \(3g\.40gb, 1g\.10gb\)/)
    assert.match(found[1] ?? '', /gpu 1: MIG is on \(no devices yet\)/)
  })

  it('that no program may use fail', () => {
    assert.match(failures([0], [row(0, { mode: 'Prohibited' })])[0] ?? '', /Prohibited/)
  })

  it('without a figure for something pass all the same', () => {
    const values = { used: '[N/A]', load: '[N/A]', mig: '[N/A]', ecc: '[N/A]' }
    assert.deepEqual(failures([0], [row(0, values)]), [])
    assert.deepEqual(parseGpus(row(0, values)).rows[0]?.troubles, [])
  })

  it('that nobody asked for are told of and never fail', () => {
    const checks = judged(null, [row(0), row(1, { used: '70000' })])
    assert.deepEqual(
      checks.map(({ name, ok, remedy }) => [name, ok, remedy !== undefined]),
      [
        ['gpus', true, false],
        ['gpu 1', true, true],
      ],
    )
  })

  it('that are too few for the largest deployment fail; one that is busy fails only when all are needed', () => {
    assert.deepEqual(failures({ atLeast: 16 }, [row(0), row(1)]), ['gpus: the sweep needs 16 at once, but there are 2'])
    const rows = [row(0), row(1, { used: '70000' })]
    assert.deepEqual(failures({ atLeast: 1 }, rows), [])
    assert.match(failures({ atLeast: 2 }, rows)[0] ?? '', /^gpu 1: 70000 of 81559 MiB in use/)
  })

  it('of two kinds are told apart', () => {
    const other = row(1).replace('81559', '40960').replace('H100 80GB HBM3', 'A100-SXM4-40GB')
    const [check, unlike] = judged([0, 1], [row(0), other])
    assert.match(check?.detail ?? '', /^1 × NVIDIA H100 80GB HBM3, 81559 MiB each; 1 × NVIDIA A100/)
    assert.match(unlike?.detail ?? '', /they differ/)
  })

  it('keep the warnings that nvidia-smi prints between its rows', () => {
    const checks = judged([0], [row(0), 'WARNING: infoROM is corrupted at gpu 0000:3B:00.0'])
    assert.ok(checks.some(({ detail, ok }) => ok && detail.includes('infoROM')))
  })
})

describe('what nvidia-smi prints', () => {
  it('is refused when it is none of what was asked for', () => {
    for (const text of ['', '<html>'].map(line => `${row(0)}\n${line}x`)) {
      assert.throws(() => parseGpus(text), SyntaxError)
    }
    assert.throws(() => parseGpus(row(0, { used: '4 MiB' })), /memory\.used is 4 MiB/)
    assert.throws(() => parseGpus(row(0, { mig: 'Perhaps' })), /mig\.mode\.current is Perhaps/)
    assert.throws(() => parseGpus(row(0, { load: '' })), /no utilization\.gpu/)
    assert.throws(() => parseGpus(row(0).replace('0, GPU-0', '[Unknown Error], GPU-0')), /index is \[Unknown Error\]/)
    assert.throws(() => parseGpuProcesses('No devices were found'), SyntaxError)
  })

  it('of any text is read or refused, never read wrong in silence', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        try {
          for (const gpu of parseGpus(text).rows) assert.ok(Number.isInteger(gpu.index))
        } catch (error) {
          assert.ok(error instanceof SyntaxError)
        }
      }),
    )
  })

  const answer = (out: string, more: Partial<ProgramOutput> = {}): Machine => ({
    name: 'node a',
    run: async () => ({ ok: true, absent: false, out, complaint: '', ...more }),
  })

  it('fails a machine that was asked for GPUs, and only then', async () => {
    const absent = answer('', { ok: false, absent: true })
    assert.deepEqual(
      (await checkGpus([0], absent)).map(({ ok, where }) => [ok, where]),
      [[false, 'node a']],
    )
    assert.ok((await checkGpus(null, absent)).every(({ ok }) => ok))
    const broken = answer('', { ok: false, complaint: 'couldn’t communicate with the NVIDIA driver' })
    assert.match((await checkGpus([0], broken))[0]?.detail ?? '', /couldn’t communicate/)
    assert.match((await checkGpus([0], answer('0, GPU-0, half a row')))[0]?.detail ?? '', /expected 10 fields/)
  })

  it('to its standard output when it fails, is what is told', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fulcrum-smi-'))
    try {
      const program = join(folder, 'says-on-stdout')
      await writeFile(program, '#!/bin/sh\necho "No devices were found"\nexit 6\n')
      await chmod(program, 0o755)
      assert.equal((await hereMachine.run(program, [])).complaint, 'No devices were found')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
