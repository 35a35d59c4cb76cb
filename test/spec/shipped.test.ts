import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { topologyLabel } from '../../src/model/index.ts'
import { planSweep } from '../../src/plan/plan.ts'
import { sweepJsonSchema } from '../../src/spec/json-schema.ts'
import { loadSweep, sweepOf } from '../../src/spec/load-sweep.ts'
import { initTemplates } from '../../src/spec/templates.ts'
import { disk } from '../../src/yaml/files.ts'

const root = join(import.meta.dirname, '../..')
const names = readdirSync(join(root, 'sweeps')).filter(name => name.endsWith('.yaml'))
const schema = JSON.parse(readFileSync(join(root, 'schema/sweep.schema.json'), 'utf8'))
const validate = new Ajv2020({ strict: false }).compile(schema)

describe('shipped sweeps', () => {
  for (const name of names) {
    test(`${name} is right, by Fulcrum and by the JSON Schema`, async () => {
      const path = join(root, 'sweeps', name)
      // Real systems may not be installed where this runs; what a sweep names inside the repository has to be there.
      const files = {
        ...disk,
        kind: (file: string) => (file.includes('/.systems/') ? ('file' as const) : disk.kind(file)),
      }
      const text = readFileSync(path, 'utf8')
      // The clone of Dynamo that the guide begins with is nowhere in the repository: the systems' graph stands in for
      // it.
      const here = text.replace('/opt/dynamo/examples/tensorrt_llm', join(root, 'test/systems/dynamo-serve-graph'))
      const sweep = sweepOf({ text: here, path, shown: name, options: { files } })
      assert.ok(planSweep(await sweep).pointCount > 0)
      assert.equal(validate(parse(text)), true, JSON.stringify(validate.errors))
    })
  }

  test('quick.yaml has 2 workloads × 4 concurrencies × 3 topologies', async () => {
    const { deployments, pointCount } = planSweep(await loadSweep(join(root, 'sweeps/quick.yaml')))
    assert.equal(pointCount, 24)
    assert.deepEqual(deployments.map(({ deployment }) => topologyLabel(deployment.topology)).sort(), [
      '1P1D',
      '2P1D',
      'agg x2',
    ])
  })

  test('are what `fulcrum init` writes', () => {
    const templates = initTemplates()
    assert.deepEqual(
      Object.keys(templates).map(name => `${name}.yaml`),
      names.filter(name => name !== 'pictures.yaml').sort(),
    )
    assert.equal(templates.quick?.text, readFileSync(join(root, 'sweeps/quick.yaml'), 'utf8'))
  })
})

describe('the published JSON Schema', () => {
  test('is up to date (scripts/write-schema.ts writes it)', () => {
    assert.deepEqual(schema, JSON.parse(JSON.stringify(sweepJsonSchema())))
  })

  test('refuses what Fulcrum refuses', () => {
    const right = parse(readFileSync(join(root, 'sweeps/quick.yaml'), 'utf8'))
    for (const wrong of [
      { repeats: 0 },
      { topologies: [{ prefil: 1 }] },
      { load: { concurrency: 'x' } },
      { modl: 1 },
    ]) {
      assert.equal(validate({ ...right, ...wrong }), false)
    }
  })

  test('explains every key of the first level', () => {
    for (const [key, property] of Object.entries<{ description?: string; $ref?: string }>(schema.properties)) {
      const named = property.$ref === undefined ? property : schema.$defs[property.$ref.replace('#/$defs/', '')]
      assert.ok(property.description ?? named.description, key)
    }
  })
})

test('a missing sweep file and a folder are told apart', async () => {
  await assert.rejects(loadSweep(join(root, 'sweeps/none.yaml')), {
    code: 'sweep-file-not-found',
    kind: 'bad-input',
    message: /the sweep file does not exist/,
  })
  await assert.rejects(loadSweep(join(root, 'sweeps')), { message: /this is a folder/ })
})
