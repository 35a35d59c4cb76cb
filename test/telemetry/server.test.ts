import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { ServerMetric } from '../../src/metrics/measurement.ts'
import { parseExposition } from '../../src/telemetry/exposition.ts'
import { compactSeries, mostSamples } from '../../src/telemetry/series.ts'
import { scrapesWithin, sourceMetrics } from '../../src/telemetry/window.ts'

const scrape = (atS: number, ...lines: string[]) => ({
  ...{ atMs: atS * 1000, dueMs: atS * 1000 },
  page: parseExposition(lines.join('\n')),
})

const sums = (metric: ServerMetric | undefined) => {
  const { series: _, ...rest } = metric ?? { mean: NaN, max: NaN, last: NaN }
  return rest
}

describe('the scrapes of a steady window', () => {
  const waiting = (...values: readonly number[]) => values.map((value, atS) => scrape(atS, `waiting ${value}`))
  const meanWithin = (startS: number, endS: number, ...values: readonly number[]) => {
    const { scrapes, isLoaded } = scrapesWithin(waiting(...values), { startMs: 1000 * startS, endMs: 1000 * endS })
    return sourceMetrics(scrapes, 1000 * startS, isLoaded).waiting?.mean
  }
  test('leave out what came before its start and after its last send, and keep the last of its own', () => {
    assert.equal(meanWithin(1, 3, 900, 10, 20, 30, 0), 20)
  })
  test('take the one before where the window was too short for two, and never a queue that has drained', () => {
    assert.equal(meanWithin(1.5, 1.9, 40, 10, 0, 0), 10)
    assert.equal(meanWithin(0.9, 1.1, 40, 10, 0, 0), 25)
  })
  test('take the ones around where two lie so close together that they say little of the window', () => {
    const at = (atS: number, value: number) => scrape(atS, '# TYPE drafts_total counter', `drafts_total ${value}`)
    const scrapes = [at(0, 0), at(0.9, 900), at(1, 1000), at(2, 2000)]
    const countedIn = (startS: number, endS: number) => {
      const within = scrapesWithin(scrapes, { startMs: 1000 * startS, endMs: 1000 * endS })
      return sourceMetrics(within.scrapes, 1000 * startS, within.isLoaded).drafts_total?.last
    }
    assert.equal(countedIn(0.5, 1.5), 2000)
    assert.equal(countedIn(0.85, 1.05), 100)
    assert.equal(countedIn(0, 2), 2000)
  })
  test('are those of the same moments for every page, however late a page answers', () => {
    const ticks = [0, 1000, 1500, 2500]
    const countedOver = (delaysMs: readonly number[]) => {
      const scrapes = ticks.map((dueMs, i) => {
        const atMs = dueMs + (delaysMs[i] ?? 0)
        return { dueMs, atMs, page: parseExposition(`requests_total ${atMs / 100}`) }
      })
      const within = scrapesWithin(scrapes, { startMs: 1005, endMs: 2000 })
      return sourceMetrics(within.scrapes, 1005, within.isLoaded).requests_total?.last
    }
    assert.equal(countedOver([0, 0, 0, 0]), 15)
    assert.equal(countedOver([0, 10, 0, 0]), 14.9)
    assert.equal(countedOver([10, 10, 10, 10]), 15)
  })
})

test('a series with two values on one page is unknown, and its neighbors are not', () => {
  const page = (atS: number) => {
    const queue = ['queue{w="0"} 1', 'queue{w="0"} 2', 'queue{w="1"} 3', 'same 4', 'same 4']
    return scrape(
      atS,
      '# TYPE requests_total counter',
      ...queue,
      `requests_total ${atS}`,
      `requests_total ${2 * atS + 1}`,
    )
  }
  const found = sourceMetrics([page(0), page(1), page(2)])
  assert.deepEqual(Object.keys(found), ['queue{w="1"}', 'same'])
  assert.equal(found.same?.mean, 4)
})

describe('a metrics page', () => {
  test('is read with types, labels, infinities and timestamps', () => {
    const page = parseExposition(
      [
        '# HELP requests_total All requests.',
        '# TYPE requests_total counter',
        'requests_total{method="post",path="C:\\\\x \\"y\\"\\n"} 1027 1395066363000',
        'bare 12.47',
        'ttft_bucket{le="+Inf",} 3',
        'edge -Inf',
        'trtllm:kv_cache_usage_perc{} 0.5',
        '',
      ].join('\r\n'),
    )
    assert.equal(page.types.get('requests_total'), 'counter')
    assert.deepEqual(page.samples, [
      { name: 'requests_total', labels: { method: 'post', path: 'C:\\x "y"\n' }, value: 1027 },
      { name: 'bare', labels: {}, value: 12.47 },
      { name: 'ttft_bucket', labels: { le: '+Inf' }, value: 3 },
      { name: 'edge', labels: {}, value: -Infinity },
      { name: 'trtllm:kv_cache_usage_perc', labels: {}, value: 0.5 },
    ])
  })

  test('gives back what was written, whatever the labels hold', () => {
    const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/)
    const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    const value = fc.string({ unit: fc.constantFrom(...'ab,={}"\\\n é') })
    fc.assert(
      fc.property(
        name,
        fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true }),
        fc.double({ noNaN: true }),
        (metric, labels, figure) => {
          const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`)
          const text = `${metric}{${pairs.join(',')}} ${String(figure).replace('Infinity', 'Inf')}`
          const [sample] = parseExposition(text).samples
          assert.deepEqual(
            { ...sample, labels: { ...sample?.labels } },
            { name: metric, labels, value: Number(String(figure)) },
          )
        },
      ),
    )
  })

  test('loses only the lines that are none', () => {
    const { samples } = parseExposition('<html>\ngood 1\nbroken{a="b} 2\nno number\ngood 3\n')
    assert.deepEqual(
      samples.map(sample => sample.value),
      [1, 3],
    )
  })

  test('of any text is read without an error', () => {
    fc.assert(fc.property(fc.string(), text => void parseExposition(text)))
  })
})

describe('a source through a window', () => {
  test('gives mean, max and last of a gauge, without the closing scrape', () => {
    const at = (s: number, value: number) => scrape(s, '# TYPE queued gauge', `queued ${value}`)
    const { queued } = sourceMetrics([at(0, 1), at(1, 5), at(2, 3), at(3, 0)])
    assert.deepEqual(sums(queued), { mean: 3, max: 5, last: 3 })
  })

  test('sums up two days of scrapes a second', () => {
    const page = parseExposition('requests 3')
    const scrapes = Array.from({ length: 172_800 }, (_, second) => ({ atMs: second * 1000, page }))
    const { requests } = sourceMetrics(scrapes)
    assert.deepEqual(sums(requests), { mean: 3, max: 3, last: 3 })
  })
  test('gives rate, fastest rate and increase of a counter', () => {
    const at = (s: number, value: number) => scrape(s, '# TYPE tokens_total counter', `tokens_total ${value}`)
    assert.deepEqual(sourceMetrics([at(0, 100), at(1, 110), at(3, 170)]), {
      tokens_total: { mean: 23.3333, max: 30, last: 70 },
    })
  })

  test('counts on from a counter that was set back', () => {
    const at = (s: number, value: number) => scrape(s, `tokens_total ${value}`)
    assert.equal(sourceMetrics([at(0, 100), at(1, 120), at(2, 5)]).tokens_total?.last, 25)
  })

  test('gives the mean of what a histogram saw within the window, not before', () => {
    const at = (s: number, sum: number, count: number) =>
      scrape(
        s,
        '# TYPE ttft_seconds histogram',
        `ttft_seconds_bucket{le="1"} ${count}`,
        `ttft_seconds_sum ${sum}`,
        `ttft_seconds_count ${count}`,
      )
    assert.deepEqual(sourceMetrics([at(0, 900, 10), at(1, 901, 12), at(2, 904, 13)]), {
      ttft_seconds: { mean: 1.33333, max: 3, last: 3 },
    })
  })

  test('leaves out a counter that stood still, and keeps a queue that stayed empty', () => {
    const at = (s: number) => scrape(s, 'errors_total 3', 'queued 0')
    const found = sourceMetrics([at(0), at(1)])
    assert.deepEqual(Object.keys(found), ['queued'])
    assert.deepEqual(sums(found.queued), { mean: 0, max: 0, last: 0 })
  })

  test('names series by the labels in which they differ', () => {
    const at = (s: number) => scrape(s, 'busy{model="r1",worker="0"} 1', 'busy{model="r1",worker="1"} 2')
    assert.deepEqual(Object.keys(sourceMetrics([at(0), at(1)])), ['busy{worker="0"}', 'busy{worker="1"}'])
  })

  test('counts a series from 0 that first shows within the window', () => {
    const first = scrape(0, 'requests_total{status="ok"} 10')
    const last = scrape(2, 'requests_total{status="ok"} 14', 'requests_total{status="error"} 2')
    assert.deepEqual(sourceMetrics([first, last]), {
      'requests_total{status="ok"}': { mean: 2, max: 2, last: 4 },
      'requests_total{status="error"}': { mean: 1, max: 1, last: 2 },
    })
  })

  test('leaves out the language runtime', () => {
    assert.deepEqual(
      sourceMetrics([scrape(0, 'process_cpu_seconds 3', 'dynamo_tokio_alive_tasks 1', 'x_created 9')]),
      {},
    )
  })

  test('leaves out what a worker does for itself, under a name that changes from start to start', () => {
    const at = (s: number) =>
      scrape(
        s,
        'inflight{dynamo_endpoint="generate"} 1',
        'inflight{dynamo_endpoint="worker_kv_query_source_15ee7113"} 0',
      )
    assert.deepEqual(Object.keys(sourceMetrics([at(0), at(1)])), ['inflight'])
  })

  test('is empty when nothing was seen', () => {
    assert.deepEqual(sourceMetrics([]), {})
  })
})

describe('the time series of a metric through a window', () => {
  test('is what each scrape said, in ms since the window began, the closing one included', () => {
    const at = (s: number, value: number) => scrape(s, '# TYPE queued gauge', `queued ${value}`)
    const { queued } = sourceMetrics([at(10.5, 1), at(11.5, 5), at(12.5, 0)], 10_000)
    assert.deepEqual(queued?.series, [
      [500, 1],
      [1500, 5],
      [2500, 0],
    ])
  })

  test('is the increase a second of a counter, and the mean of what a histogram saw, since the scrape before', () => {
    const at = (s: number, tokens: number, sum: number, count: number) =>
      scrape(
        s,
        `# TYPE queued counter`,
        `queued ${tokens}`,
        '# TYPE time_to_first_token_seconds histogram',
        `time_to_first_token_seconds_sum ${sum}`,
        `time_to_first_token_seconds_count ${count}`,
      )
    const found = sourceMetrics([at(0, 0, 0, 0), at(1, 10, 4, 2), at(3, 70, 4, 2), at(4, 70, 5, 3)])
    assert.deepEqual(found.queued?.series, [
      [1000, 10],
      [3000, 30],
      [4000, 0],
    ])
    assert.deepEqual(found.time_to_first_token_seconds?.series, [
      [1000, 2],
      [4000, 1],
    ])
  })

  test('is kept only of what tells where requests wait', () => {
    const at = (s: number) =>
      scrape(
        s,
        `config{queue="a"} ${s}`,
        `queue_capacity ${s}`,
        `trtllm:num_requests_waiting ${s}`,
        `trtllm:kv_cache_usage_perc ${s}`,
      )
    const found = Object.entries(sourceMetrics([at(0), at(1), at(2)]))
    assert.deepEqual(
      found.filter(([, { series }]) => series !== undefined).map(([name]) => name),
      ['trtllm:num_requests_waiting', 'trtllm:kv_cache_usage_perc'],
    )
  })

  test('keeps the two ends of what stood still', () => {
    const still = [0, 1, 2, 3, 4, 5].map(i => [i, i === 3 ? 9 : 7] as const)
    assert.deepEqual(
      compactSeries(still).map(([at]) => at),
      [0, 2, 3, 4, 5],
    )
  })

  test('of any length stays within its bound, in order, with its ends, its lowest and its highest sample', () => {
    const values = fc.array(fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 50 })), {
      maxLength: 900,
    })
    fc.assert(
      fc.property(values, steps => {
        let atMs = 0
        const samples = steps.map(([gap, value]) => {
          atMs += gap
          return [atMs, value] as const
        })
        const kept = compactSeries(samples)
        assert.ok(kept.length <= mostSamples)
        assert.ok(kept.every(sample => samples.includes(sample)))
        assert.deepEqual(
          kept.toSorted((a, b) => a[0] - b[0]),
          kept,
        )
        assert.deepEqual([kept[0], kept.at(-1)], [samples[0], samples.at(-1)])
        const range = (all: readonly (readonly [number, number])[]) => [
          Math.min(...all.map(([, value]) => value)),
          Math.max(...all.map(([, value]) => value)),
        ]
        assert.deepEqual(range(kept), range(samples))
      }),
    )
  })
})
