import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Curve, Surface } from '../../src/simulator/table.ts'
import { interpolate, interpolateSurface } from '../../src/simulator/table.ts'

const curve: Curve = { x: Float64Array.of(1, 3, 4), y: Float64Array.of(10, 20, 40) }
const surface: Surface = {
  rows: Float64Array.of(0, 10),
  columns: Float64Array.of(0, 1, 3),
  z: Float64Array.of(0, 1, 3, 10, 11, 13),
}

test('a curve goes through its samples', () => {
  for (const [index, x] of curve.x.entries()) assert.equal(interpolate(curve, x), curve.y[index])
})

test('a curve is straight between samples, and goes on straight beyond them', () => {
  assert.deepEqual(
    [2, 3.5, 0, 6].map(x => interpolate(curve, x)),
    [15, 30, 5, 80],
  )
})

test('a surface that is a plane is that plane everywhere', () => {
  const anywhere = fc.double({ min: -20, max: 20, noNaN: true })
  fc.assert(
    fc.property(anywhere, anywhere, (row, column) => {
      assert.ok(Math.abs(interpolateSurface(surface, row, column) - (row + column)) < 1e-9)
    }),
  )
})
