import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { capacityJsonSchema } from '../../src/commands/capacity/json-schema.ts'
import { repository } from '../cli/fulcrum.ts'

const text = (path: string) => readFileSync(join(repository, path), 'utf8')

describe('the published JSON Schema of capacity files', () => {
  const schema = JSON.parse(text('schema/capacity.schema.json')) as object
  const validate = new Ajv2020({ strict: false }).compile(schema)
  const shipped = parse(text('sweeps/capacity/chat.yaml')) as object

  test('is up to date (scripts/write-schema.ts writes it)', () => {
    assert.deepEqual(schema, JSON.parse(JSON.stringify(capacityJsonSchema())))
  })
  test('takes the shipped file and refuses what Fulcrum refuses', () => {
    assert.equal(validate(shipped), true, JSON.stringify(validate.errors))
    for (const wrong of [{ flet: 1 }, { traffic: { peak_requests_per_s: 0 } }, { fleet: { gpus_per_node: 0 } }])
      assert.equal(validate({ ...shipped, ...wrong }), false)
  })
  test('has every key in docs/reference/capacity-file.md', () => {
    const documented = text('docs/reference/capacity-file.md')
    const keys = [...text('src/commands/capacity/file-schema.ts').matchAll(/^ {6}(\w+): /gm)].map(
      ([, key]) => key ?? '',
    )
    assert.ok(keys.length > 10)
    assert.deepEqual(
      keys.filter(key => !documented.includes(key)),
      [],
    )
  })
})
