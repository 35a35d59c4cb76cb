import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseExposition, type Sample } from '../../src/telemetry/exposition.ts'
import { sourceMetrics } from '../../src/telemetry/window.ts'

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
const numeral = (value: number) => (Number.isFinite(value) ? String(value) : String(value).replace('Infinity', 'Inf'))

const name = fc.stringMatching(/^[a-z_][a-z0-9_:]{0,8}$/)
const label = fc.stringMatching(/^[a-z_][a-z0-9_]{0,6}$/)
const text = fc.string({ unit: fc.constantFrom(...'ab,={}#"\\\n é1 ') })
const labels = fc.dictionary(label, text, { maxKeys: 3, noNullPrototype: true })
const value = fc
  .oneof(fc.double(), fc.integer(), fc.constantFrom(Number.NaN, Infinity, -Infinity, 0))
  .map(number => (number === 0 ? 0 : number))
const time = fc.option(
  fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom('1520879607.789', '1.5e9', '.5'),
  ),
)
const pairsOf = (of: Sample['labels']) => Object.entries(of).map(([key, said]) => `${key}="${escaped(said)}"`)
const exemplar = fc.option(
  fc
    .record({ labels, value, time })
    .map(e => ` # {${pairsOf(e.labels).join(',')}} ${numeral(e.value)}${e.time === null ? '' : ` ${e.time}`}`),
)

/** A sample, and one of the ways in which a page may write it. */
const written = fc
  .record({ name, labels, value, time, exemplar, quotesName: fc.boolean(), braces: fc.boolean() })
  .map(({ time: at, exemplar: example, quotesName, braces, ...sample }) => {
    const pairs = [...(quotesName ? [`"${sample.name}"`] : []), ...pairsOf(sample.labels)]
    const set = pairs.length > 0 || braces ? `{${pairs.join(',')}}` : ''
    const end = `${at === null ? '' : ` ${at}`}${example ?? ''}`
    return { sample, line: `${quotesName ? '' : sample.name}${set} ${numeral(sample.value)}${end}` }
  })

const comment = fc.constantFrom(
  '# TYPE reqs counter',
  '# UNIT reqs seconds',
  '# HELP reqs All "requests" \\\\ ever.',
  '# TYPE build info',
  '# TYPE mode stateset',
)

const plain = (sample: Sample | undefined) => ({ ...sample, labels: { ...sample?.labels } })

describe('an OpenMetrics page', () => {
  test('gives back every sample that was written, with times, exemplars and quoted names, and loses no line', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(written, comment)), lines => {
        const page = parseExposition(
          [...lines.map(line => (typeof line === 'string' ? line : line.line)), '# EOF', ''].join('\n'),
        )
        const wanted = lines.flatMap(line => (typeof line === 'string' ? [] : [line.sample]))
        assert.deepEqual(page.samples.map(plain), wanted.map(plain))
        assert.deepEqual([page.unread, page.ended], [{ count: 0, first: null }, true])
      }),
    )
  })

  test('counts the lines that are broken and keeps the first, and reads the others all the same', () => {
    const broken = fc.constantFrom(
      'a{b="c} 1',
      'no number',
      'a{b=c} 1',
      'a 1 2 3',
      '{} 1',
      '<html>',
      'a{"x",b="c"} 1',
      'a',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(written, broken)), lines => {
        const page = parseExposition(lines.map(line => (typeof line === 'string' ? line : line.line)).join('\n'))
        const wrong = lines.filter(line => typeof line === 'string')
        assert.deepEqual(page.unread, { count: wrong.length, first: wrong[0] ?? null })
        assert.equal(page.samples.length, lines.length - wrong.length)
      }),
    )
  })

  test('of 1.0 in full is read', () => {
    const page = parseExposition(
      [
        '# TYPE acme_http_router_request_seconds summary',
        '# UNIT acme_http_router_request_seconds seconds',
        'acme_http_router_request_seconds_sum{path="/api/v1",method="GET"} 9036.32',
        'acme_http_router_request_seconds_created{path="/api/v1",method="GET"} 1605281325.0',
        '# TYPE go_goroutines gauge',
        'go_goroutines 69 1520879607.789',
        '# TYPE foo histogram',
        'foo_bucket{le="+Inf"} 17 # {trace_id="KOO5S4vxi0o"} 0.67 1520879607.789',
        '# TYPE version info',
        'version_info{version="1.2"} 1',
        '# TYPE a stateset',
        'a{a="bb"} 0',
        '# EOF',
      ].join('\n'),
    )
    assert.equal(page.unread.count, 0)
    assert.deepEqual(
      page.samples.map(sample => sample.value),
      [9036.32, 1605281325, 69, 17, 1, 0],
    )
  })

  test('says nothing of a point by its infos, creation times and buckets', () => {
    const page = (atS: number) => ({
      atMs: atS * 1000,
      page: parseExposition(
        [
          '# TYPE build info',
          'build_info{version="1"} 1',
          '# TYPE sizes gaugehistogram',
          `sizes_bucket{le="1"} ${atS}`,
          `sizes_gcount ${atS}`,
          '# TYPE reqs counter',
          `reqs_total{a="b"} ${17 + atS} # {trace_id="x"} 0.67`,
          'reqs_created{a="b"} 1520879607.789',
          '# EOF',
        ].join('\n'),
      ),
    })
    assert.deepEqual(Object.keys(sourceMetrics([page(0), page(1), page(2)])).sort(), ['reqs_total', 'sizes_gcount'])
  })
})
