import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { defined } from '../../src/model/index.ts'

test('drops undefined keys and keeps all other values in order', () => {
  const values = { a: undefined, b: null, c: 0, d: '', e: false, f: Number.NaN }
  assert.deepEqual(Object.entries(defined(values)), [
    ['b', null],
    ['c', 0],
    ['d', ''],
    ['e', false],
    ['f', Number.NaN],
  ])
})

test('fits a type with exact optional properties', () => {
  const hours = [12, undefined][1]
  const budget: { readonly points: number; readonly hours?: number } = defined({ points: 3, hours })
  assert.equal('hours' in budget, false)
})

test('keeps exactly the keys that have a value', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.option(fc.jsonValue(), { nil: undefined }), { noNullPrototype: true }),
      values => {
        const kept = defined(values)
        for (const key of Object.keys(values)) {
          assert.equal(Object.hasOwn(kept, key), values[key] !== undefined)
          if (values[key] !== undefined) assert.equal(kept[key], values[key])
        }
        assert.ok(Object.keys(kept).every(key => Object.hasOwn(values, key)))
      },
    ),
  )
})
