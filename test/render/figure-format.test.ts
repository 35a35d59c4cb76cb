import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { counted } from '../../src/model/index.ts'
import { figure } from '../../src/render/views/format.ts'

const threeDigits = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const byIntl = (value: number) => (Math.abs(value) >= 100 ? whole : threeDigits).format(value)

test('figures have three digits and thousands separators, as Intl writes them', () => {
  for (const value of [0, 1, 12, 0.5, 99.94, 99.95, 99.96, 100.5, 999.5, 1234.5, 1e6, 0.0123, 1e-7, -2.345, -1e9])
    assert.equal(figure(value), byIntl(value), `${value}`)
  const sizes = fc.double({ min: -15, max: 14, noNaN: true }).map(power => 10 ** power)
  fc.assert(
    fc.property(sizes, fc.constantFrom(1, -1), (size, sign) => assert.equal(figure(sign * size), byIntl(sign * size))),
  )
})

// 99.85 is 99.8499… in binary, and 99.9 to a reader.
test('figures round their decimal digits half away from zero, as Intl does', () => {
  const wrong = [...Array(200_001).keys()]
    .map(n => (n - 100_000) / 100)
    .filter(value => figure(value) !== byIntl(value))
  assert.deepEqual(wrong, [])
})

test('numbers have thousands separators, as Intl writes them', () => {
  const usual = new Intl.NumberFormat('en-US')
  fc.assert(
    fc.property(fc.maxSafeInteger(), number => assert.equal(counted(number, 'x').split(' ')[0], usual.format(number))),
  )
  assert.equal(counted(1234.5, 'request'), '1,234.5 requests')
  assert.equal(counted(1, 'request'), '1 request')
})
