// Test part: load
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { readPage, unavailablePage } from '../../src/telemetry/metrics-page.ts'

describe('a metrics page over HTTP', () => {
  const servers: ReturnType<typeof createServer>[] = []
  const keyName = 'FULCRUM_TEST_METRICS_KEY'
  const endpoint = { apiKeyEnv: keyName }
  before(() => {
    process.env[keyName] = 'secret'
  })
  after(() => {
    delete process.env[keyName]
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener)
    servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  test('is read, with whether it is OpenMetrics', async () => {
    const url = await serve((_, response) => {
      response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0')
      response.end('waiting 1\n')
    })
    assert.deepEqual(await readPage(url, {}), { text: 'waiting 1\n', isOpenMetrics: true })
  })

  test('is found where the server redirects to, with the token', async () => {
    const url = await serve(({ url, headers }, response) => {
      if (url === '/metrics') response.writeHead(307, { location: '/metrics/' }).end()
      else response.end(`${url} ${headers.authorization}`)
    })
    assert.deepEqual(await readPage(`${url}/metrics`, endpoint), {
      text: '/metrics/ Bearer secret',
      isOpenMetrics: false,
    })
  })

  test('does not tell the token to another origin', async () => {
    const other = await serve(({ headers }, response) => response.end(`token ${headers.authorization}`))
    const url = await serve((_, response) => response.writeHead(302, { location: `${other}/` }).end())
    assert.deepEqual(await readPage(url, endpoint), { text: 'token undefined', isOpenMetrics: false })
  })

  test('gives up on redirects that go round', async () => {
    const url = await serve((_, response) => response.writeHead(301, { location: '/' }).end())
    const miss = await readPage(url, {})
    assert.match('why' in miss ? miss.why : '', /redirect/)
  })

  test('that is absent is told from one that fails', async () => {
    const url = await serve(({ url }, response) => response.writeHead(url === '/none' ? 404 : 500).end())
    assert.deepEqual(await readPage(`${url}/none`, {}), { why: 'HTTP 404', isAbsent: true })
    assert.deepEqual(await readPage(`${url}/broken`, {}), { why: 'HTTP 500', isAbsent: false })
  })

  test('that a forwarder can not reach has the reason of the forwarder', async () => {
    const url = await serve((_, response) => response.socket?.end(unavailablePage('the worker has no port: é')))
    assert.deepEqual(await readPage(url, {}), { why: 'the worker has no port: é', isAbsent: false })
  })

  test('whose server is gone says so', async () => {
    const url = await serve(() => {})
    const gone = servers.at(-1)
    gone?.close()
    const miss = await readPage(url, {})
    assert.match('why' in miss ? miss.why : '', /ECONNREFUSED/)
  })

  test('that never ends is given up', async () => {
    const url = await serve((_, response) => response.write('waiting 1\n'))
    assert.deepEqual(await readPage(url, {}), { why: 'no answer within 2 s', isAbsent: false })
  })
})
