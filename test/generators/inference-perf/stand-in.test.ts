// Test part: process

import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { inferencePerf } from '../../../src/generators/inference-perf/inference-perf.ts'
import type { Load, Workload } from '../../../src/model/index.ts'
import { openLedger, type ProcessLedger } from '../../../src/process/ledger.ts'
import { fixture } from '../programs/fixture.ts'
import { endpointAt, programPoint } from '../programs/program-point.ts'

/** In inference-perf's place: checks what it is given, and writes what the real one once wrote. */
const standIn = (recorded: string) => `#!${process.execPath}
const { copyFileSync, mkdirSync, readFileSync } = require('node:fs')
const [flag, file] = process.argv.slice(2)
if (flag !== '--config_file') process.exit(2)
const { data, load, storage } = JSON.parse(readFileSync(file, 'utf8'))
const rows = readFileSync(data.path, 'utf8').trim().split('\\n').map(line => JSON.parse(line).conversations)
const prompts = rows.slice(1).map(([prompt]) => prompt.value)
if (new Set(prompts).size !== 12) process.exit(4)
if (rows.some(([prompt, answer]) => prompt.value.length < 100 || answer.value.split(' ').length !== 8)) process.exit(5)
const [{ num_requests, rate }] = load.stages
if (prompts.length !== (num_requests ?? rate)) process.exit(6)
${recorded === '' ? "console.error('Exception: no server')\nprocess.exit(1)" : ''}
const folder = storage.local_storage.path
mkdirSync(folder)
for (const name of ['per_request_lifecycle_metrics.json', 'summary_lifecycle_metrics.json'])
  copyFileSync(${JSON.stringify(recorded)} + '.' + name, folder + '/' + name)
`

describe('the generator inference-perf', () => {
  let folder: string
  let ledger: ProcessLedger
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-inference-perf-'))
    ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
  })
  after(async () => {
    ledger.close()
    await rm(folder, { recursive: true, force: true })
  })

  interface Asked {
    readonly load?: Partial<Load>
    readonly workload?: Workload
    readonly endpoint?: ReturnType<typeof endpointAt>
  }

  async function measure(recorded: string, { load, workload, endpoint }: Asked = {}) {
    const command = join(folder, 'inference-perf')
    await writeFile(command, standIn(recorded))
    await chmod(command, 0o755)
    await rm(join(folder, 'points'), { recursive: true, force: true })
    const generator = inferencePerf({ command, args: [], runFolder: folder, ledger: async () => ledger })
    const point = programPoint('inference-perf', { api: 'completions', requests: 10, warmup: 2, dataset: 12, ...load })
    try {
      return await generator.measure(
        { ...point, workload: workload ?? point.workload },
        endpoint ?? endpointAt('http://127.0.0.1:9'),
        { signal: AbortSignal.timeout(60_000), folder: join(folder, 'points', 'p'), onProgress: () => {} },
      )
    } finally {
      await generator.close()
    }
  }

  test('gives its program fresh prompts and answers of the asked lengths, and reads its records', async () => {
    const measurement = await measure(fixture('inference-perf-ok'))
    assert.deepEqual(measurement.requests, { sent: 10, completed: 10, failed: 0 })
    assert.equal(measurement.generator.name, 'inference-perf')
    assert.ok(measurement.files.includes('points/p/inference-perf/config.json'))
  })

  test('writes when the requests of an open loop are due', async () => {
    const level = { kind: 'rate', requestsPerS: 4, arrivals: { kind: 'constant' } } as const
    await measure(fixture('inference-perf-ok'), { load: { level } })
    const schedule = await readFile(join(folder, 'points/p/inference-perf/schedule.csv'), 'utf8')
    const [header, first, second, ...rest] = schedule.trim().split('\n')
    assert.equal(header, 'TIMESTAMP,ContextTokens,GeneratedTokens')
    assert.deepEqual([first, second], ['2000-01-01 00:00:00.000000,1,1', '2000-01-01 00:00:00.250000,1,1'])
    assert.equal(rest.length, 10)
  })

  test('fails a point in the words of its program', async () => {
    await assert.rejects(measure(''), { code: 'inference-perf-failed', message: /code 1: Exception: no server/ })
  })

  test('refuses a server that asks for a token, of which its program keeps a copy', async () => {
    await assert.rejects(measure('', { endpoint: { ...endpointAt('http://127.0.0.1:9'), apiKeyEnv: 'HOME' } }), {
      code: 'generator-cannot',
    })
  })
})
