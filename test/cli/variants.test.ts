import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { readRun } from '../../src/journal/index.ts'
import { onlyRun, workplace } from './fulcrum-process.ts'

const sweep = `
name: tiny
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: [agg x2, 1P1D]
variants:
  round-robin: {}
  least: { deploy: { router: least-loaded }, only: [agg x2] }
workloads: [256/16]
load: { concurrency: [2], requests: 4x, warmup: 1x }
`

test('a run of a sweep with variants names them in points.csv, the report and tune', async () => {
  await using place = await workplace(sweep)
  const { exitCode, stderr } = await place.start('run', place.sweepFile, '--json').ended()
  assert.ok(exitCode === 0 || exitCode === 1, stderr)
  const folder = await onlyRun(place, 'tiny')
  const csv = await readFile(join(folder, 'report', 'points.csv'), 'utf8')
  const [header = '', ...rows] = csv.trim().split('\n')
  const column = header.split(',').indexOf('variant')
  assert.ok(column > 0)
  assert.equal(rows.length, 3)
  assert.deepEqual([...new Set(rows.map(row => /,(round-robin|least),/.exec(row)?.[1]))].sort(), [
    'least',
    'round-robin',
  ])
  assert.match(await readFile(join(folder, 'report', 'index.html'), 'utf8'), /agg x2 · least/)
  const { stdout } = await place.start('tune', folder, '--json').ended()
  const { workloads } = JSON.parse(stdout) as { workloads: { variants: { variant: string; base: string }[] }[] }
  const { results } = await readRun(folder)
  const isValid = new Set(results.filter(({ status }) => status === 'ok').map(({ point }) => point.deployment.variant))
  const expected = isValid.size === 2 ? [['least', 'round-robin']] : []
  assert.deepEqual(
    workloads[0]?.variants.map(({ variant, base }) => [variant, base]),
    expected,
  )
})

test('fulcrum run --only takes the name of a variant', async () => {
  await using place = await workplace(sweep)
  const { exitCode, stderr } = await place.start('run', place.sweepFile, '--only', 'least', '--json').ended()
  assert.ok(exitCode === 0 || exitCode === 1, stderr)
  const run = await readRun(await onlyRun(place, 'tiny'))
  assert.deepEqual(
    run.results.map(({ point }) => point.deployment.variant),
    ['least'],
  )
})

test('fulcrum validate lists the variants', async () => {
  await using place = await workplace(sweep)
  const { stdout } = await place.start('validate', place.sweepFile).ended()
  assert.match(stdout, /3 points over 3 deployments\)\nvariants: round-robin, least/)
})
