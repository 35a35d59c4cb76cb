// Test part: process

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { routerModes } from '../../../src/deployers/dynamo-serve/doctor.ts'

test('routers of a service configuration are named as not checked, and nothing is said without one', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-serve-doctor-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const [aggregated, disaggregated] = ['agg.yaml', 'disagg.yaml'].map(name => join(folder, name)) as [string, string]
  await writeFile(aggregated, 'Frontend: { port: 8000 }\nProcessor: { router: cleverest }\n')
  await writeFile(disaggregated, 'Processor: { router: cleverest }\nPrefill: { workers: 1 }\n')
  const [said, ...more] = routerModes({ configs: { aggregated, disaggregated } })
  assert.equal(
    said?.detail,
    'not checked: only the services themselves know their routers (Processor.router: cleverest)',
  )
  assert.deepEqual([said?.ok, more], [true, []])
  await writeFile(aggregated, 'Frontend: { port: 8000 }\n')
  assert.deepEqual(routerModes({ configs: { aggregated, disaggregated: join(folder, 'none.yaml') } }), [])
})
