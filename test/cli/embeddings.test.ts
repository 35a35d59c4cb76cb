import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseCsv } from '../render/parse-csv.ts'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

const sweepText = `name: vectors
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: [agg x1]
workloads: [{ isl: 256 }]
load: { api: embeddings, concurrency: [1, 4], requests: 4x }
slo: { request_latency_p95_ms: 60000 }
# A busy machine is no fault of what is tested here.
validity: { send_lateness_p99_ms: 9999, event_loop_delay_p99_ms: 9999, cpu_share: 1, run_queue_share: 1, in_flight_share: 0.01 }
`

test('a sweep of embeddings is told by latency and input tokens, in its points, its report and tune', async () => {
  await using place = await temporaryFolder()
  const file = join(place.path, 'vectors.yaml')
  await writeFile(file, sweepText)
  const results = join(place.path, 'results')
  const { exitCode, stdout, stderr } = await fulcrum([
    ...['run', file, '--new', '--out', results],
    ...[
      '--fail-on',
      'slo',
      '--fail-on',
      'request_latency_p95>60s',
      '--fail-on',
      'embedded_tokens_per_s_per_gpu<1tok/s',
    ],
  ])
  assert.equal(exitCode, 0, stdout + stderr)
  assert.match(stderr, /agg x1, 256\/0, concurrency 4: latency p50 \S+ ms, \d+ input tok\/s/)
  assert.match(
    stdout,
    /^256\/0: agg x1 at c \d embeds the most tokens per GPU within the SLO: [\d,]+\s+tokens\/s per GPU/m,
  )
  assert.match(stdout, /^slo: passed\n {2}✓ 256\/0: met at 2 of 2 points/m)

  const [run = ''] = await readdir(join(results, 'vectors'))
  const folder = join(results, 'vectors', run)
  for (const row of parseCsv(await readFile(join(folder, 'report/points.csv'), 'utf8'))) {
    assert.equal(row.isl_measured, '256')
    assert.ok(Number(row.request_latency_p95_ms) > 0 && Number(row.embedded_tokens_per_s_per_gpu) > 0)
    for (const name of ['ttft_p95_ms', 'itl_p95_ms', 'osl_measured', 'output_tokens_per_s', 'on_frontier'])
      assert.match(row[name] ?? '?', /^(no|false)?$/, name)
  }
  assert.match(await readFile(join(folder, 'report/index.html'), 'utf8'), /Embeddings generate no output tokens/)
  const tuned = await fulcrum(['tune', folder])
  assert.match(tuned.stdout, /^256\/0: embeddings\ntry next: agg x1 at c \d embeds the most\s+tokens per GPU/m)
})
