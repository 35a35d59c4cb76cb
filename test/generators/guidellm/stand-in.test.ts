// Test part: process

import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { guideLlm } from '../../../src/generators/guidellm/guidellm.ts'
import { openLedger, type ProcessLedger } from '../../../src/process/ledger.ts'
import { fixture } from '../programs/fixture.ts'
import { endpointAt, programPoint } from '../programs/program-point.ts'

/** In GuideLLM's place: checks what it is given, and writes what the real one once wrote. */
const standIn = (report: string) => `#!${process.execPath}
const { copyFileSync, readFileSync } = require('node:fs')
const [command, flag, file] = process.argv.slice(2)
if (command !== 'run' || flag !== '--scenario') process.exit(2)
const { spec } = JSON.parse(readFileSync(file, 'utf8'))
const prompts = readFileSync(spec.data[0].path, 'utf8').trim().split('\\n').map(line => JSON.parse(line))
if (prompts.length !== spec.constraints[0].count) process.exit(3)
if (prompts.some(({ prompt, output_tokens_count }) => prompt.length < 100 || output_tokens_count !== 8)) process.exit(4)
if (new Set(prompts.map(({ prompt }) => prompt)).size !== 24) process.exit(5)
${report === '' ? "console.error('Error: no server')\nprocess.exit(1)" : `copyFileSync(${JSON.stringify(report)}, spec.outputs[0].path)`}
`

describe('the generator guidellm', () => {
  let folder: string
  let ledger: ProcessLedger
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-guidellm-'))
    ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
  })
  after(async () => {
    ledger.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function measure(report: string, endpoint = endpointAt('http://127.0.0.1:9')) {
    const command = join(folder, 'guidellm')
    await writeFile(command, standIn(report))
    await chmod(command, 0o755)
    const generator = guideLlm({ command, args: [], runFolder: folder, ledger: async () => ledger })
    try {
      return await generator.measure(programPoint('guidellm'), endpoint, {
        signal: AbortSignal.timeout(60_000),
        folder: join(folder, 'points', 'p'),
        onProgress: () => {},
      })
    } finally {
      await generator.close()
    }
  }

  test('gives its program a scenario and fresh prompts of the asked lengths, and reads its report', async () => {
    const measurement = await measure(fixture('guidellm-report.json'))
    assert.deepEqual(measurement.requests, { sent: 20, completed: 20, failed: 0 })
    assert.deepEqual(measurement.generator, { name: 'guidellm', version: '0.8.1' })
    assert.ok(measurement.files.includes('points/p/guidellm/scenario.json'))
    const scenario = JSON.parse(await readFile(join(folder, 'points/p/guidellm/scenario.json'), 'utf8'))
    assert.equal(scenario.spec.backend.target, 'http://127.0.0.1:9')
  })

  test('fails a point in the words of its program', async () => {
    await rm(join(folder, 'points'), { recursive: true })
    await assert.rejects(measure(''), { code: 'guidellm-refused', message: /no server/ })
  })

  test('refuses a server that asks for a token, which others on the machine could read', async () => {
    await assert.rejects(measure('', { ...endpointAt('http://127.0.0.1:9'), apiKeyEnv: 'HOME' }), {
      code: 'generator-cannot',
    })
  })
})
