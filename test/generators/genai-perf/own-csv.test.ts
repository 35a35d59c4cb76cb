import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { exportsDisagree, readCsvFigures } from '../../../src/generators/genai-perf/own-csv.ts'
import { readOwnFigures } from '../../../src/generators/genai-perf/own-figures.ts'
import { fixtureText } from '../programs/fixture.ts'

const csv = await fixtureText('genai-perf-ok.profile_export_genai_perf.csv')
const json = readOwnFigures(await fixtureText('genai-perf-ok.profile_export_genai_perf.json'))
assert.ok(json !== null)

describe('genai-perf’s CSV', () => {
  it('has every metric by its name in the JSON, with its statistics', () => {
    const figures = readCsvFigures(csv)
    assert.deepEqual(Object.keys(figures).sort(), [
      'input_sequence_length',
      'inter_token_latency',
      'output_sequence_length',
      'output_token_throughput',
      'output_token_throughput_per_user',
      'request_count',
      'request_latency',
      'request_throughput',
      'time_to_first_token',
      'time_to_second_token',
    ])
    assert.equal(figures.time_to_first_token?.unit, 'ms')
    assert.equal(figures.request_count?.avg, 10)
    assert.deepEqual(Object.keys(figures.request_latency ?? {}).length, 13)
  })

  it('agrees with the JSON of the same run to its two decimals', () => {
    assert.deepEqual(exportsDisagree(json, readCsvFigures(csv)), [])
  })

  it('is found to differ wherever one of its figures was changed, and which is said', () => {
    const cells = [...csv.matchAll(/\d+\.\d\d/g)]
    fc.assert(
      fc.property(fc.nat({ max: cells.length - 1 }), fc.integer({ min: 1, max: 1000 }), (which, hundredths) => {
        const cell = cells[which]
        const at = cell?.index ?? 0
        const old = cell?.[0] ?? ''
        const changed = (Number(old) + hundredths / 100 + 0.01).toFixed(2)
        const [finding] = exportsDisagree(json, readCsvFigures(csv.slice(0, at) + changed + csv.slice(at + old.length)))
        assert.equal(finding?.code, 'exports-disagree')
        assert.ok(finding.message.includes(`${Number(changed)} in the CSV, `), finding.message)
      }),
    )
  })

  it('writes thousands apart in quotes', () => {
    const text =
      'Metric,avg,min\nRequest Latency (ms),"1,234,567.89",N/A\n\nMetric,Value\nRequest Count (count),"2,000.00"\n'
    assert.deepEqual(readCsvFigures(text), {
      request_latency: { unit: 'ms', avg: 1234567.89 },
      request_count: { unit: 'count', avg: 2000 },
    })
  })

  it('of any text is read without an error', () => {
    const pieces = fc.string({ unit: fc.constantFrom('"', ',', '\n', '(', ')', ' ', '1', 'Metric') })
    fc.assert(
      fc.property(pieces, text => {
        assert.doesNotThrow(() => readCsvFigures(text))
      }),
    )
  })
})
