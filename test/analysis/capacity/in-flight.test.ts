import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { inFlightOdds } from '../../../src/analysis/capacity/in-flight.ts'

const near = (value: number | undefined, wanted: number) =>
  assert.ok(Math.abs((value ?? Number.NaN) - wanted) < 1e-9, `${value} is not ${wanted}`)

describe('the odds of requests in flight', () => {
  test('are geometric for one server (M/M/1)', () => {
    const found = inFlightOdds(3, () => 4, 30)
    for (const n of [0, 1, 5, 30]) near(found?.odds[n], 0.25 * 0.75 ** n)
    near(found?.beyond, 0.75 ** 31)
  })
  test('are Poisson where every request is served at once (M/M/∞)', () => {
    const found = inFlightOdds(5, n => 2 * n, 400)
    const poisson = (n: number) =>
      Array.from({ length: n }, (_, i) => 2.5 / (i + 1)).reduce((a, b) => a * b, Math.exp(-2.5))
    for (const n of [0, 1, 2, 10]) near(found?.odds[n], poisson(n))
  })
  test('have Erlang C’s share that waits for a few servers (M/M/c)', () => {
    const [servers, load] = [4, 3]
    const found = inFlightOdds(load, n => Math.min(n, servers), 200)
    const term = (n: number) => Array.from({ length: n }, (_, i) => load / (i + 1)).reduce((a, b) => a * b, 1)
    const queue = (term(servers) * servers) / (servers - load)
    const erlangC = queue / (term(0) + term(1) + term(2) + term(3) + queue)
    near(
      [...(found?.odds ?? [])].slice(servers).reduce((a, b) => a + b, found?.beyond ?? 0),
      erlangC,
    )
  })
  test('do not exist for more traffic than can be answered', () => {
    assert.equal(
      inFlightOdds(4, () => 4, 10),
      null,
    )
  })
  test('add up to 1, however many states there are', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.integer({ min: 1, max: 2000 }), (load, most) => {
        const found = inFlightOdds(load * 50, n => Math.min(n, 50), Math.max(50, most))
        assert.ok(found !== null)
        assert.ok(Math.abs(found.odds.reduce((a, b) => a + b, found.beyond) - 1) < 1e-9)
      }),
    )
  })
})
