import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { execa } from 'execa'
import { openMetrics } from '../../src/render/export/openmetrics.ts'
import { syntheticRun } from '../render/synthetic-run.ts'

/** Prometheus' own client library comes with Dynamo. */
const python = join(import.meta.dirname, '../../.systems/dynamo/bin/python')
const parse = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
print(json.dumps([[f.name, f.type, f.unit, len(f.samples)] for f in families]))
`

test("Prometheus' own OpenMetrics parser reads an export", async () => {
  const run = syntheticRun({ sweep: 'a "b"\\c\nd', concurrencies: [4, 16] })
  const { stdout } = await execa(python, ['-c', parse], { input: openMetrics(run) })
  const families = JSON.parse(stdout) as [string, string, string, number][]
  assert.deepEqual(
    families.find(([name]) => name === 'fulcrum_ttft_p95_seconds'),
    ['fulcrum_ttft_p95_seconds', 'gauge', 'seconds', run.results.length],
  )
  assert.ok(families.every(([, type]) => type === 'gauge'))
})
