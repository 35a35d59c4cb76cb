import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { inFlightOf } from '../../src/metrics/in-flight.ts'
import { createRecords } from '../../src/metrics/records.ts'
import { createFlight } from '../../src/simulator/flight.ts'
import { createTimeSeries } from '../../src/simulator/time-series.ts'

describe('a time series', () => {
  test('keeps every value while there are few', () => {
    const series = createTimeSeries()
    for (let index = 0; index < 100; index++) series.add(index * 10, index)
    assert.equal(series.series.values.length, 100)
    assert.deepEqual([series.series.atS[3], series.series.values[3]], [0.03, 3])
  })

  test('keeps the mean and stays small whatever comes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200_000 }), count => {
        const series = createTimeSeries()
        for (let index = 0; index < count; index++) series.add(index, index)
        const { values } = series.series
        assert.ok(values.length < 4096)
        // Means of whole groups of consecutive values: the last incomplete one is left out.
        const groups = values.length
        const size = Math.floor(count / groups)
        if (groups > 1) assert.ok(Math.abs((values[1] ?? 0) - (values[0] ?? 0) - size) <= size)
      }),
      { numRuns: 10 },
    )
  })
})

test('requests in flight are counted as from records of them all', () => {
  const request = fc.record({ gapMs: fc.integer({ min: 1, max: 50 }), tookMs: fc.integer({ min: 1, max: 400 }) })
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 60 }), drawn => {
      let atMs = 0
      const sentMs = drawn.map(({ gapMs }) => (atMs += gapMs))
      const doneMs = drawn.map(({ tookMs }, index) => (sentMs[index] ?? 0) + tookMs)
      const events = [...sentMs.map(at => ({ at, ends: false })), ...doneMs.map(at => ({ at, ends: true }))].toSorted(
        (a, b) => a.at - b.at || Number(b.ends) - Number(a.ends),
      )
      const flight = createFlight()
      for (const { at, ends } of events) ends ? flight.ended(at) : flight.sent(at)
      const records = createRecords(drawn.length)
      records.scheduledMs.set(sentMs)
      records.sentMs.set(sentMs)
      records.doneMs.set(doneMs)
      const expected = inFlightOf(records)
      const counted = flight.summary()
      assert.equal(counted?.max, expected?.max)
      assert.ok(Math.abs((counted?.mean ?? 0) - (expected?.mean ?? 1)) < 1e-9)
    }),
  )
})
