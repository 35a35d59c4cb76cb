import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseNpz } from '../../scripts/profile/npz.ts'
import { npz } from '../../src/render/export/npz.ts'

describe('an npz file', () => {
  test('has the arrays that were written, whatever they are', () => {
    const name = fc.stringMatching(/^[a-z_]{1,20}$/)
    const values = fc.array(fc.double({ noDefaultInfinity: false }), { maxLength: 50 })
    fc.assert(
      fc.property(fc.dictionary(name, values, { minKeys: 1, maxKeys: 6 }), arrays => {
        const read = parseNpz(Buffer.from(npz(arrays)))
        assert.deepEqual([...read.keys()].sort(), Object.keys(arrays).sort())
        for (const [key, array] of Object.entries(arrays)) {
          assert.deepEqual(read.get(key)?.shape, [array.length])
          assert.deepEqual([...(read.get(key)?.values ?? [])], array)
        }
      }),
    )
  })

  test('begins its data at a multiple of 64 bytes, as NumPy has it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200_000 }), length => {
        const file = Buffer.from(npz({ x: new Array<number>(length % 300).fill(1) }))
        const start = file.indexOf('\x93NUMPY', 0, 'latin1')
        assert.equal((10 + file.readUInt16LE(start + 8)) % 64, 0)
      }),
    )
  })
})
