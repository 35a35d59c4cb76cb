import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseExposition } from '../../src/telemetry/exposition.ts'
import { resetsOf } from '../../src/telemetry/resets.ts'

const scrape = (atS: number, ...lines: string[]) => ({ atMs: atS * 1000, page: parseExposition(lines.join('\n')) })

describe('a process that was replaced is seen', () => {
  test('by its start time, even when its counters have caught up', () => {
    const at = (s: number, startedS: number) => scrape(s, `process_start_time_seconds ${startedS}`, 'done_total 5')
    assert.deepEqual(resetsOf([at(0, 100), at(1, 100), at(2, 160), at(3, 160)]), [2000])
  })

  test('by its counters, when it says no start time', () => {
    const at = (s: number, value: number) => scrape(s, `done_total ${value}`, `tokens_total ${10 * value}`)
    assert.deepEqual(resetsOf([at(0, 100), at(1, 120), at(2, 3)]), [2000])
  })

  test('not by one label that disappears', () => {
    const steady = ['a_total 5', 'b_total 5', 'c_total{peer="x"} 5']
    assert.deepEqual(resetsOf([scrape(0, ...steady, 'c_total{peer="y"} 9'), scrape(1, ...steady)]), [])
  })

  test('not by gauges that fall', () => {
    const at = (s: number, value: number) => scrape(s, '# TYPE queue gauge', `queue ${value}`)
    assert.deepEqual(resetsOf([at(0, 9), at(1, 1)]), [])
  })

  test('never while counters only grow', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(1000), { minLength: 3, maxLength: 3 }), { maxLength: 8 }), increases => {
        const scrapes = increases.map((row, second) => {
          const sum = (i: number) => increases.slice(0, second + 1).reduce((all, each) => all + (each[i] ?? 0), 0)
          return scrape(second, ...row.map((_, i) => `metric_${i}_total ${sum(i)}`))
        })
        assert.deepEqual(resetsOf(scrapes), [])
      }),
    )
  })
})
