// Test part: load

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { watchServer } from '../../src/telemetry/server-metrics.ts'
import { endpoint } from './small-system.ts'

/** A metrics page whose counter grows by one each time it is read. */
async function countingPage(
  status = 200,
  { type = 'text/plain', text = (reads: number) => `# TYPE reads_total counter\nreads_total ${reads}\n` } = {},
) {
  let reads = 0
  const server = createServer((_, response) => {
    reads++
    response.writeHead(status, { 'content-type': type }).end(text(reads))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}/metrics`,
    reads: () => reads,
    [Symbol.dispose]: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe('the server seen through a point', () => {
  test('is what it did between the beginning and the end of the measured window', async () => {
    using page = await countingPage()
    let ms = 0
    const watch = watchServer({ ...endpoint, metricsUrls: { frontend: page.url } }, () => (ms += 500))
    watch.begin()
    watch.begin()
    watch.end()
    assert.deepEqual(await watch.metrics(), { frontend: { reads_total: { mean: 2, max: 2, last: 1 } } })
    assert.equal(page.reads(), 3)
  })

  test('of a steady window is what lies between its start and its last request sent, whenever that was told', async () => {
    const values = [0, 10, 10, 90]
    using page = await countingPage(200, {
      text: reads => `# TYPE num_requests_waiting gauge\nnum_requests_waiting ${values[reads - 1]}\n`,
    })
    const startedMs = Date.now()
    let ms = 0
    const watch = watchServer({ ...endpoint, metricsUrls: { worker: page.url } }, () => ms)
    // A look under way is stamped when it is read: each is waited for.
    const read = async (atMs: number, look: () => void) => {
      const before = page.reads()
      ms = atMs
      look()
      while (page.reads() === before) await setTimeout(1)
      await setTimeout(20)
    }
    while (page.reads() === 0) await setTimeout(1)
    await setTimeout(20)
    await read(2000, () => watch.begin())
    await read(9000, () => watch.end())
    const { worker } = await watch.metrics({ startedAt: new Date(startedMs + 1500).toISOString(), durationS: 8 })
    assert.deepEqual(
      worker?.num_requests_waiting?.series?.map(([, value]) => value),
      [10, 10],
    )
    assert.equal(worker?.num_requests_waiting?.mean, 10)
  })

  test('leaves out a source that does not answer, and asks it no more than three times', async () => {
    using page = await countingPage(503)
    const metricsUrls = { frontend: page.url, gone: 'http://127.0.0.1:1/metrics' }
    const watch = watchServer({ ...endpoint, metricsUrls }, () => performance.now())
    for (let i = 0; i < 3; i++) watch.begin()
    watch.end()
    assert.deepEqual(await watch.metrics(), {})
    assert.equal(page.reads(), 3)
  })

  test('is nothing without metrics pages', async () => {
    assert.deepEqual(await watchServer(endpoint, () => 0).metrics(), {})
  })
})

describe('what is lost of a metrics page is told:', () => {
  /** Codes, severities and texts of what a source with such a page leaves to say. */
  const remarksOf = async (status: number, page: { type?: string; text?: (reads: number) => string } = {}) => {
    using served = await countingPage(status, page)
    const watch = watchServer({ ...endpoint, metricsUrls: { frontend: served.url } }, () => performance.now())
    for (let i = 0; i < 3; i++) watch.begin()
    watch.end()
    return (await watch.remarks()).map(({ severity, code, message }) => [
      severity,
      code,
      message.replace(served.url, 'URL'),
    ])
  }

  test('nothing of a page that was read, or that the server doesn’t have', async () => {
    assert.deepEqual(await remarksOf(200), [])
    assert.deepEqual(await remarksOf(404), [])
  })

  test('lines that are none of the format, with the first of them', async () => {
    const text = () => 'good 1\nbad{a=b} 2\nworse\n'
    assert.deepEqual(await remarksOf(200, { text }), [
      [
        'warning',
        'metrics-unread',
        '2 lines of the metrics page of frontend (URL) could not be read, such as: bad{a=b} 2',
      ],
    ])
  })

  test('a series with two values, whatever the order of its labels', async () => {
    const text = () => 'queue{a="1",b="2"} 1\nqueue{b="2",a="1"} 2\nsame 3\nsame 3\nrunning 4\n'
    assert.deepEqual(await remarksOf(200, { text }), [
      [
        'warning',
        'metrics-contradictory',
        'The metrics page of frontend (URL) has several values of queue{a="1",b="2"}, which count as unknown',
      ],
    ])
  })

  test('a page without a finite value', async () => {
    const text = () => 'queue NaN\nrunning +Inf\n'
    assert.deepEqual(await remarksOf(200, { text }), [
      [
        'note',
        'metrics-unread',
        'The metrics page of frontend (URL) has only values that are NaN or infinite, so server metrics are unavailable',
      ],
    ])
  })

  test('a page that is something else', async () => {
    const [[severity, code, message] = []] = await remarksOf(200, { text: () => '<!doctype html>\n<p>hello' })
    assert.deepEqual([severity, code], ['note', 'metrics-unread'])
    assert.match(message ?? '', /^frontend \(URL\) does not return a metrics page, .*: <!doctype html>$/)
  })

  test('an OpenMetrics page that breaks off before its end', async () => {
    const type = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
    assert.deepEqual(await remarksOf(200, { type, text: () => 'good 1\n# EOF\n' }), [])
    const [[severity, code] = []] = await remarksOf(200, { type, text: () => 'good 1\n' })
    assert.deepEqual([severity, code], ['warning', 'metrics-cut'])
  })

  test('a page that can’t be had, with the reason', async () => {
    const [[severity, code, message] = []] = await remarksOf(503)
    assert.deepEqual([severity, code], ['note', 'metrics-missing'])
    assert.match(message ?? '', /frontend \(URL\) is unavailable: HTTP 503$/)
  })
})
