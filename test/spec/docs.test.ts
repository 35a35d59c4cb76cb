import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { sweepJsonSchema } from '../../src/spec/json-schema.ts'
import { problems } from './sweep-text.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/reference/sweep-file.md'), 'utf8')

/** Every key that a schema names, wherever it stands. */
function keysOf(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(keysOf)
  if (typeof schema !== 'object' || schema === null) return []
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : []
  return [...own, ...Object.values(schema).flatMap(keysOf)]
}

describe('docs/reference/sweep-file.md', () => {
  test('names every key of the schema', () => {
    const missing = [...new Set(keysOf(sweepJsonSchema()))].filter(key => !new RegExp(`\\b${key}\\b`).test(text))
    assert.deepEqual(missing, [])
  })

  const base = {
    name: 'x',
    model: 'nvidia/DeepSeek-R1-FP4',
    deploy: { with: 'simulated' },
    workloads: ['1/1'],
    load: { concurrency: 1 },
  }
  for (const [index, [, block = '']] of [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].entries()) {
    test(`example ${index + 1} is right`, async () => {
      const sections = parse(block) as object
      const topologies = 'deploy' in sections ? { topologies: ['agg x1'] } : {}
      const whole = 'workloads' in sections && 'load' in sections ? sections : { ...base, ...topologies, ...sections }
      assert.deepEqual(await problems(stringify(whole)), [])
    })
  }
})
