import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseCsv } from '../render/parse-csv.ts'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const sweepText = `name: reasons
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200, reasoning_share: 0.75 }
topologies: [agg x1]
workloads: [64/40]
load: { concurrency: [1, 2], requests: 2x }
slo: { ttfo_p95_ms: 60000 }
# A busy machine is no fault of what is tested here.
validity: { send_lateness_p99_ms: 9999, event_loop_delay_p99_ms: 9999, cpu_share: 1, run_queue_share: 1, in_flight_share: 0.01 }
`

test('a sweep with reasoning has TTFO in its points, its report and its gates', async () => {
  await using place = await temporaryFolder()
  const file = join(place.path, 'reasons.yaml')
  await writeFile(file, sweepText)
  const results = join(place.path, 'results')
  const { exitCode, stdout, stderr } = await fulcrum([
    ...['run', file, '--new', '--out', results],
    ...['--fail-on', 'slo', '--fail-on', 'ttfo_p95>60s'],
  ])
  assert.equal(exitCode, 0, stdout + stderr)
  assert.match(stdout, /TTFO p95/)
  assert.match(stdout, /^slo: passed\n {2}✓ 64\/40: met at 2 of 2 points/m)
  assert.match(stdout, /^ttfo_p95>60s: passed\n {2}✓ 64\/40: within the limit at 2 of 2 points/m)

  const [run = ''] = await readdir(join(results, 'reasons'))
  const report = join(results, 'reasons', run, 'report')
  const rows = parseCsv(await readFile(join(report, 'points.csv'), 'utf8'))
  for (const row of rows) {
    // 30 tokens of reasoning come between the two.
    assert.ok(Number(row.ttfo_p50_ms) > Number(row.ttft_p50_ms), JSON.stringify(row))
    assert.deepEqual([row.reasoning_tokens_mean, row.answer_tokens_mean], ['30', '10'])
  }
  assert.match(await readFile(join(report, 'index.html'), 'utf8'), /Time to first token of the answer/)

  const limited = await fulcrum(['capacity', join(results, 'reasons', run), '--rps', '1', '--gpus-per-node', '8'])
  assert.equal(limited.exitCode, 2)
  assert.match(limited.stderr, /TTFO \(ttfo_p95_ms\), which capacity cannot plan for/)
})
