// Test part: unit
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { energyByCounter, energyBySamples, unitTrouble } from '../../src/telemetry/gpu/energy.ts'

const window = { startMs: 10_000, endMs: 20_000 }
const every = (stepMs: number, of: (atMs: number) => number, fromMs = 5_000, toMs = 25_000) =>
  Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, i) => {
    const atMs = fromMs + i * stepMs
    return { atMs, value: of(atMs) }
  })

describe('energy by the counter', () => {
  test('is its increase between the ends of the window', () => {
    const energy = energyByCounter(
      every(1000, atMs => 0.3 * atMs),
      window,
    )
    assert.deepEqual(energy, { joules: 3000, errorJ: 0, from: 'counter' })
  })

  test('of any power lies within its error', () => {
    const powers = fc.array(fc.integer({ min: 50, max: 1000 }), { minLength: 32, maxLength: 32 })
    const steps = fc.integer({ min: 100, max: 2900 })
    fc.assert(
      fc.property(powers, steps, fc.integer({ min: 0, max: 2000 }), (watts, stepMs, offsetMs) => {
        const upTo = (atMs: number) =>
          watts.reduce((sum, w, i) => sum + w * Math.min(1, Math.max(0, atMs / 1000 - i)), 0)
        const counter = every(stepMs, upTo, offsetMs, 26_000)
        const energy = energyByCounter(counter, window)
        assert.ok(energy !== null)
        const truth = upTo(window.endMs) - upTo(window.startMs)
        assert.ok(Math.abs(energy.joules - truth) <= energy.errorJ + 1e-6, `${energy.joules} is not ${truth}`)
      }),
    )
  })

  test('of a page that is refreshed every 4 s has the error of what it does not show', () => {
    const stale = every(1000, atMs => Math.floor(atMs / 4000) * 4000 * 0.3)
    const energy = energyByCounter(stale, window)
    assert.ok(energy !== null && energy.errorJ > 0 && Math.abs(energy.joules - 3000) <= energy.errorJ)
  })

  test('of a page that shows changes late lies within its error, which includes what came meanwhile', () => {
    const powers = fc.array(fc.integer({ min: 50, max: 1000 }), { minLength: 40, maxLength: 40 })
    const ms = (min: number, max: number) => fc.integer({ min, max })
    fc.assert(
      fc.property(powers, ms(200, 2000), ms(100, 1500), ms(0, 2000), (watts, refreshMs, lookMs, offsetMs) => {
        const upTo = (atMs: number) =>
          watts.reduce((sum, w, i) => sum + w * Math.min(1, Math.max(0, atMs / 1000 - i)), 0)
        const shown = (atMs: number) => upTo(Math.floor((atMs - offsetMs) / refreshMs) * refreshMs + offsetMs)
        const looks = every(lookMs, shown, 0, 30_000)
        const pages = looks
          .map((look, i) => ({ ...look, sinceMs: looks[i - 1]?.atMs ?? look.atMs }))
          .filter(({ value }, i) => value !== looks[i - 1]?.value)
        const energy = energyByCounter(pages, window)
        assert.ok(energy !== null)
        const truth = upTo(window.endMs) - upTo(window.startMs)
        assert.ok(Math.abs(energy.joules - truth) <= energy.errorJ + 1e-6, `${energy.joules} is not ${truth}`)
      }),
      // A look at the very start of the window sees a value from before it.
      { examples: [[Array(40).fill(50), 900, 1000, 104]], numRuns: 300 },
    )
  })

  test('survives a gap within the window, for it counts on', () => {
    const gap = every(1000, atMs => 0.3 * atMs).filter(({ atMs }) => atMs < 12_000 || atMs > 18_000)
    assert.equal(energyByCounter(gap, window)?.joules, 3000)
  })

  test('is unknown when the counter was set back within the window', () => {
    const reset = every(1000, atMs => (atMs < 15_000 ? 0.3 * atMs : 0.3 * (atMs - 15_000)))
    assert.equal(energyByCounter(reset, window), null)
  })

  test('is known when the counter was set back before the window', () => {
    const reset = every(1000, atMs => (atMs < 8_000 ? 0.3 * atMs : 0.3 * (atMs - 8_000)))
    assert.equal(energyByCounter(reset, window)?.joules, 3000)
  })

  test('is unknown when the counter does not reach the end of the window', () => {
    assert.equal(
      energyByCounter(
        every(1000, atMs => 0.3 * atMs, 5_000, 19_000),
        window,
      ),
      null,
    )
  })
})

describe('energy by samples of power', () => {
  test('of a line is exact', () => {
    const energy = energyBySamples(
      every(1000, atMs => atMs / 100),
      window,
    )
    assert.equal(energy?.joules, 1500)
  })

  test('of power that jumps between samples lies within its error', () => {
    const edges = fc.integer({ min: 10_000, max: 20_000 })
    fc.assert(
      fc.property(edges, fc.integer({ min: 100, max: 3000 }), (edgeMs, stepMs) => {
        const energy = energyBySamples(
          every(stepMs, atMs => (atMs < edgeMs ? 100 : 700), 7_000, 23_000),
          window,
        )
        const truth = 0.1 * (edgeMs - 10_000) + 0.7 * (20_000 - edgeMs)
        assert.ok(energy !== null && Math.abs(energy.joules - truth) <= energy.errorJ + 1e-6)
      }),
    )
  })

  test('counts what no sample covers as error', () => {
    const energy = energyBySamples(
      every(1000, () => 400, 12_000, 20_000),
      window,
    )
    assert.deepEqual(energy, { joules: 4000, errorJ: 800, from: 'samples' })
  })

  test('is unknown without samples in the window', () => {
    assert.equal(
      energyBySamples(
        every(1000, () => 400, 0, 9_000),
        window,
      ),
      null,
    )
  })
})

describe('units that are mixed up', () => {
  const counter = every(1000, atMs => 0.4 * atMs)
  const watts = every(1000, () => 400)
  const cases: readonly (readonly [name: string, ...Parameters<typeof unitTrouble>, trouble: RegExp])[] = [
    ['mW as W', counter, every(1000, () => 400_000), /400000 W/],
    ['mJ as J', every(1000, atMs => 400 * atMs), watts, /400000 W/],
    ['J as mJ', every(1000, atMs => 0.0004 * atMs), watts, /0\.4 W/],
    ['W as mW', counter, every(1000, () => 0.4), /0\.4 W/],
    ['counter and power of different GPUs', every(1000, atMs => 0.05 * atMs), watts, /50 W and its power 400 W/],
  ]
  for (const [name, energy, power, trouble] of cases)
    test(`${name} are told`, () => assert.match(unitTrouble(energy, power) ?? '', trouble))

  test('none are told where the counter was set back, whatever it says now', () =>
    assert.equal(
      unitTrouble(
        every(1000, atMs => (0.4 * atMs) % 3000),
        watts,
      ),
      null,
    ))

  test('none are told where counter and power agree', () => assert.equal(unitTrouble(counter, watts), null))
})
