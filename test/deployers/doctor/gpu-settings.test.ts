// Test part: process

import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { judgeDcgm } from '../../../src/deployers/doctor/dcgm.ts'
import { judgeGpuSettings, parseGpuSettings, parseNvLinks } from '../../../src/deployers/doctor/gpu-settings.ts'
import { checkGpus } from '../../../src/deployers/doctor/gpus.ts'
import { hereMachine, type Machine } from '../../../src/deployers/doctor/machine.ts'
import { parseRates, parseTypes, slowLinks } from '../../../src/deployers/doctor/rdma.ts'
import { parseExposition } from '../../../src/telemetry/exposition.ts'

/** As a driver of branch 580 prints them on an H100 SXM, with `--format=csv,noheader,nounits`. */
const row = (index: number, more: Partial<Record<'persistence' | 'limit' | 'clock' | 'ecc' | 'width', string>> = {}) =>
  [
    ...[index, 'NVIDIA H100 80GB HBM3', more.persistence ?? 'Enabled', more.limit ?? '700.00', '700.00'],
    ...[more.clock ?? '1980', '1980', more.ecc ?? 'Enabled', more.width ?? '16', '16'],
  ].join(', ')

const links = (index: number, up: number, rate = '26.562') =>
  [
    `GPU ${index}: NVIDIA H100 80GB HBM3 (UUID: GPU-${index})`,
    ...Array.from({ length: 18 }, (_, i) => `\t Link ${i}: ${i < up ? `${rate} GB/s` : '<inactive>'}`),
  ].join('\n')

const told = (rows: readonly string[], status = '') =>
  judgeGpuSettings(parseGpuSettings(rows.join('\n')), parseNvLinks(status), 'node a').flatMap(
    ({ name, ok, detail, remedy }) => {
      assert.ok(ok, 'settings are told and fail nothing')
      return remedy === undefined ? [] : [`${name}: ${detail}`]
    },
  )

describe('settings of GPUs', () => {
  it('that are as they should be are told with the power limit alone', () => {
    assert.deepEqual(told([row(0), row(1)], `${links(0, 18)}\n${links(1, 18)}`), [])
    const [check] = judgeGpuSettings(parseGpuSettings(row(0)), [], 'node a')
    assert.equal(check?.detail, '700.00 W'.replace('.00', ''))
  })

  it('without persistence, at a lower power limit, with set clocks, without ECC, or on fewer lanes are told', () => {
    assert.match(told([row(0, { persistence: 'Disabled' })])[0] ?? '', /^gpu 0: persistence mode is off/)
    assert.match(told([row(0, { limit: '350.00' })])[0] ?? '', /power limit is 350 W, below the 700 W/)
    assert.match(told([row(0, { clock: '1410' })])[0] ?? '', /application clock is set to 1410 MHz instead of 1980/)
    assert.match(told([row(0, { ecc: 'Disabled' })])[0] ?? '', /ECC is off/)
    assert.match(told([row(0, { width: '8' })])[0] ?? '', /8 of 16 lanes/)
  })

  it('that several GPUs share are told once, with their numbers', () => {
    const rows = [0, 1, 2].map(index => row(index, { persistence: 'Disabled' }))
    assert.deepEqual(
      told(rows).map(text => text.slice(0, 12)),
      ['gpu 0, 1, 2:'],
    )
  })

  it('with NVLinks that are down or slow are told against what the card has', () => {
    assert.deepEqual(told([row(0), row(1)], `${links(0, 18)}\n${links(1, 14)}`), ['gpu 1: 14 of its 18 NVLinks are up'])
    assert.deepEqual(told([row(0)], links(0, 0)), ['gpu 0: 0 of its 18 NVLinks are up'])
    assert.match(
      told([row(0), row(1)], `${links(0, 18)}\n${links(1, 18, '25')}`)[0] ?? '',
      /gpu 1: an NVLink has 25 GB\/s/,
    )
  })

  it('that a GPU does not have are no remark', () => {
    const none = { persistence: '[N/A]', limit: '[N/A]', clock: '[Not Supported]', ecc: '[N/A]', width: '[N/A]' }
    assert.deepEqual(told([row(0, none)]), [])
  })

  it('of any text are read or passed over', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        for (const gpu of parseGpuSettings(text)) assert.ok(Number.isInteger(gpu.index))
        for (const gpu of parseNvLinks(text)) assert.ok(Number.isInteger(gpu.index))
      }),
    )
  })

  it('come from the nvidia-smi of the machine, and a driver that doesn’t know them is no fault', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fulcrum-smi-'))
    try {
      const program = join(folder, 'nvidia-smi')
      const found = 'GPU-0, NVIDIA H100 80GB HBM3, 580.159.04, 4, 81559, 0, Disabled, Default, 0'
      const answer = (settings: string) =>
        [
          '#!/bin/sh',
          'case "$1" in',
          `--query-gpu=*persistence_mode*) ${settings} ;;`,
          `--query-gpu=*) echo '0, ${found}' ;;`,
          `nvlink) printf '%s\\n' '${links(0, 17)}' ;;`,
          'esac',
        ].join('\n')
      const machine: Machine = {
        name: 'node a',
        run: (_, args, env, limitMs) => hereMachine.run(program, args, env, limitMs),
      }
      const details = async (settings: string) => {
        await writeFile(program, answer(settings))
        await chmod(program, 0o755)
        return (await checkGpus([0], machine)).map(({ name, ok, detail }) => `${ok} ${name}: ${detail}`)
      }
      const said = await details(`echo '${row(0, { persistence: 'Disabled' })}'`)
      assert.deepEqual(
        said.map(text => text.replace(/:.*/, '')),
        ['true gpus', 'true gpu power limit', 'true gpu 0', 'true gpu 0'],
      )
      assert.match(said.at(-1) ?? '', /17 of its 18 NVLinks are up/)
      const old = await details(`echo 'Field "pcie.link.width.current" is not a valid field to query.'; exit 2`)
      assert.deepEqual(
        old.map(text => text.replace(/:.*/, '')),
        ['true gpus'],
      )
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('links', () => {
  /** As `ibstat` of rdma-core prints them. */
  const ibstat = `CA 'mlx5_0'
	CA type: MT4129
	Number of ports: 1
	Port 1:
		State: Active
		Physical state: LinkUp
		Rate: 200
CA 'mlx5_1'
	CA type: MT4129
	Number of ports: 1
	Port 1:
		State: Active
		Physical state: LinkUp
		Rate: 400
`
  it('slower than what their card can have are told', () => {
    const ports = ['mlx5_0', 'mlx5_1'].map(adapter => ({
      adapter,
      port: 1,
      state: 'PORT_ACTIVE',
      linkLayer: 'InfiniBand',
    }))
    const found = slowLinks(ports, parseRates(ibstat), parseTypes(ibstat), 'node a')
    assert.deepEqual(
      found.map(({ ok, detail }) => [ok, detail]),
      [[true, 'mlx5_0/1 has 200 Gbit/s, and a ConnectX-7 can have 400']],
    )
  })

  it('of a card that nobody knows are told nothing of', () => {
    const ports = [{ adapter: 'mlx5_0', port: 1, state: 'PORT_ACTIVE', linkLayer: 'Ethernet' }]
    assert.deepEqual(slowLinks(ports, parseRates(ibstat), new Map(), 'node a'), [])
  })
})

describe('the page of an exporter', () => {
  it('of AMD passes, and HTML fails', () => {
    const amd = 'gpu_package_power{gpu_id="0",serial_number="A",card_model="MI300X"} 700\n'
    assert.deepEqual(
      judgeDcgm(parseExposition(amd), 'url').map(({ name, ok }) => [name, ok]),
      [['gpu exporter', true]],
    )
    assert.equal(judgeDcgm(parseExposition('<html></html>'), 'url')[0]?.ok, false)
  })
})
