import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { analyse } from '../../src/analysis/analyse.ts'
import { readRun } from '../../src/journal/index.ts'
import { pointsCsv } from '../../src/render/export/points-csv.ts'

/** A real run of sweeps/quick.yaml, kept in the repository. */
const folder = join(import.meta.dirname, '../../results/baseline/quick')

test('the run kept in the repository is whole, and reads back as its report says', async () => {
  const run = await readRun(folder)
  assert.equal(run.ended?.outcome, 'complete')
  assert.equal(run.results.length, run.manifest.plan.points)
  assert.equal(pointsCsv(run), await readFile(join(folder, 'report/points.csv'), 'utf8'))
  assert.ok(analyse(run).workloads.every(({ frontier }) => frontier.length > 0))
})
