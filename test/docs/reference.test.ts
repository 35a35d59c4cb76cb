import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { commandsIn } from '../../scripts/reference/command-line.ts'
import { referencePages } from '../../scripts/reference/pages.ts'
import { type JsonSchema, keyRows } from '../../scripts/reference/schema-keys.ts'

const folder = join(import.meta.dirname, '../../docs/reference')

describe('pages generated from the code', () => {
  for (const { file, write } of referencePages) {
    test(`docs/reference/${file} is what the code says`, async () => {
      const committed = await readFile(join(folder, file), 'utf8')
      const expected = await write(committed)
      assert.ok(committed === expected, `${firstDifference(committed, expected)}\nRun: npm run docs:reference`)
    })
  }
})

function firstDifference(committed: string, expected: string): string {
  const [before, after] = [committed.split('\n'), expected.split('\n')]
  const line = after.findIndex((text, index) => text !== before[index])
  return `line ${line + 1} is '${before[line] ?? ''}', but the code says '${after[line] ?? ''}'`
}

describe('the keys of a schema', () => {
  const text = (description: string): JsonSchema => ({ type: 'string', description })

  test('are told with their path, whether they are required, their type and meaning', () => {
    const schema: JsonSchema = {
      type: 'object',
      required: ['a'],
      properties: { a: text('the a'), b: { type: 'object', properties: { c: { type: 'integer', minimum: 1 } } } },
    }
    assert.deepEqual(keyRows(schema), [
      { path: 'a', type: 'string', isRequired: true, description: 'the a' },
      { path: 'b', type: 'map', isRequired: false, description: '' },
      { path: 'b.c', type: 'integer from 1', isRequired: false, description: '' },
    ])
  })

  test('of an entry or a list of entries stand once', () => {
    const entry: JsonSchema = { type: 'object', properties: { isl: { type: 'number', exclusiveMinimum: 0 } } }
    const schema: JsonSchema = {
      type: 'object',
      properties: {
        workloads: { anyOf: [{ $ref: '#/$defs/entry' }, { type: 'array', items: { $ref: '#/$defs/entry' } }] },
      },
      $defs: { entry },
    }
    assert.deepEqual(
      keyRows(schema).map(({ path, type }) => [path, type]),
      [
        ['workloads', 'map or list of map'],
        ['workloads.isl', 'number above 0'],
      ],
    )
  })

  test('of one of several forms of a map are not required, those of its only form are', () => {
    const form = (key: string): JsonSchema => ({ type: 'object', required: [key], properties: { [key]: text(key) } })
    const schema: JsonSchema = {
      type: 'object',
      properties: { isl: { anyOf: [{ type: 'integer' }, form('mean'), form('uniform')] }, job: form('image') },
    }
    assert.deepEqual(
      keyRows(schema).flatMap(({ path, isRequired }) => (isRequired ? [path] : [])),
      ['job.image'],
    )
  })

  test('name a description beside a reference before the one that it refers to', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/x', description: 'nearer' }, b: { $ref: '#/$defs/x' } },
      $defs: { x: text('farther') },
    }
    assert.deepEqual(
      keyRows(schema).map(({ description }) => description),
      ['nearer', 'farther'],
    )
  })

  test('of any nesting are all told, in their order', () => {
    const tree = fc.letrec<{ node: JsonSchema }>(tie => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.constant<JsonSchema>({ type: 'boolean' }),
        fc
          .dictionary(fc.constantFrom('a', 'b', 'c'), tie('node'), { maxKeys: 3 })
          .map(properties => ({ type: 'object', properties })),
      ),
    })).node
    const count = (schema: JsonSchema): number =>
      Object.values(schema.properties ?? {}).reduce((sum, child) => sum + 1 + count(child), 0)
    fc.assert(
      fc.property(tree, schema => {
        assert.equal(keyRows(schema).length, count(schema))
      }),
    )
  })
})

test('a schema that holds itself ends', () => {
  const any: JsonSchema = { anyOf: [{ type: 'string' }, { type: 'array', items: { $ref: '#/$defs/any' } }] }
  const rows = keyRows({ type: 'object', properties: { a: { $ref: '#/$defs/any' } }, $defs: { any } })
  assert.deepEqual(
    rows.map(({ path, type }) => [path, type]),
    [['a', 'string or list of anything']],
  )
})

test('the commands of a help text are those that it lists, wrapped lines and options aside', () => {
  const help =
    'Usage: x\n\nOptions:\n  -h  help\n\nCommands:\n  init [file]   make a file\n                to start\n  twin          a twin\n  help          help\n\nExamples:\n  $ x'
  assert.deepEqual(commandsIn(help), ['init', 'twin'])
})
