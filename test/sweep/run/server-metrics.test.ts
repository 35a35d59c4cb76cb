import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { watchServer } from '../../../src/sweep/run/server-metrics.ts'
import { endpoint } from './small-system.ts'

/** A metrics page whose counter grows by one each time it is read. */
async function countingPage(status = 200) {
  let reads = 0
  const server = createServer((_, response) => {
    reads++
    response.writeHead(status).end(`# TYPE reads_total counter\nreads_total ${reads}\n`)
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
