import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readRun } from '../../src/index.ts'
import { parseCsv } from '../render/parse-csv.ts'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const sweepText = `name: speculates
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, acceptance: 0.7 }
engine:
  all:
    speculative_config:
      - { decoding_type: MTP }
      - { decoding_type: MTP, num_nextn_predict_layers: 3 }
topologies: [1P1D]
workloads:
  - { dataset: prompts.jsonl, isl: 9, osl: 100 }
load: { concurrency: [16], requests: 32, warmup: 16 }
slo: { itl_p95_ms: 60000 }
# A busy machine is no fault of what is tested here.
validity: { send_lateness_p99_ms: 9999, event_loop_delay_p99_ms: 9999, cpu_share: 1, run_queue_share: 1, in_flight_share: 0.01, isl_deviation: 1 }
`

const prompts = Array.from({ length: 48 }, (_, i) => JSON.stringify({ prompt: `Write ${i} lines about the sea.` }))

test('a sweep with known acceptance has it in its points, its report and its gates', async () => {
  await using place = await temporaryFolder()
  const file = join(place.path, 'speculates.yaml')
  await writeFile(file, sweepText)
  await writeFile(join(place.path, 'prompts.jsonl'), prompts.join('\n'))
  const results = join(place.path, 'results')
  const { exitCode, stdout, stderr } = await fulcrum([
    ...['run', file, '--new', '--out', results],
    ...['--fail-on', 'spec_acceptance_rate<30%', '--fail-on', 'spec_accepted_length<1.2'],
  ])
  assert.equal(exitCode, 0, stdout + stderr)

  const [run = ''] = await readdir(join(results, 'speculates'))
  const report = join(results, 'speculates', run, 'report')
  const rows = parseCsv(await readFile(join(report, 'points.csv'), 'utf8'))
  assert.equal(rows.length, 2)
  const measured = await readRun(join(results, 'speculates', run))
  const drafted = new Map(
    measured.results.map(({ point }) => [point.id, /"num_nextn/.test(JSON.stringify(point.deployment.engine)) ? 3 : 1]),
  )
  for (const row of rows) {
    const tokens = drafted.get(row.point_id ?? '') ?? assert.fail(`no draft length of ${row.point_id}`)
    // Leviathan et al.: (1 - a^(k+1)) / (1 - a) tokens a step. 32 answers of 100 tokens are a thousand steps or more.
    const length = (1 - 0.7 ** (tokens + 1)) / (1 - 0.7)
    assert.ok(
      Math.abs(Number(row.spec_accepted_length) - length) < 0.2,
      JSON.stringify([row.spec_accepted_length, length]),
    )
    assert.ok(Math.abs(Number(row.spec_acceptance_rate) - (length - 1) / tokens) < 0.08, row.spec_acceptance_rate)
    assert.ok(Math.abs(Number(row.tokens_per_chunk) - length) < 0.2, row.tokens_per_chunk)
  }
  const page = await readFile(join(report, 'index.html'), 'utf8')
  assert.match(page, /Acceptance length/)
  assert.match(page, /drafts accepted up to token 3/)
})
