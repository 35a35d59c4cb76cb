// Test part: load
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import type { Endpoint, Role, Topology } from '../../src/model/index.ts'
import { workerPages } from '../../src/telemetry/worker-pages.ts'

const split: Topology = { kind: 'disaggregated', prefill: 1, decode: 1 }
const together: Topology = { kind: 'aggregated', workers: 1 }

/** A worker's page as vLLM under Dynamo has it, with these labels. */
const workerText = (labels: string) =>
  `vllm:num_requests_waiting{${labels}} 3\nvllm:num_requests_running{${labels}} 4\n`
const prefillText = workerText('model_name="m",dynamo_component="prefill"')
const decodeText = workerText('model_name="m",dynamo_component="backend"')

interface Named {
  readonly text?: string
  readonly status?: number
  readonly role?: Role
}

/** What comes of pages with these texts, with URLs replaced by their index. */
async function seen(pages: readonly Named[], topology: Topology = split) {
  const server = createServer((request, response) => {
    const { text = '', status = 200 } = pages[Number(request.url?.slice(1))] ?? {}
    response.writeHead(status, { 'content-type': 'text/plain' }).end(text)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const root = `http://127.0.0.1:${address.port}/`
  const endpoint: Endpoint = {
    url: root,
    model: 'org/m',
    dialect: 'openai',
    metricsUrls: { frontend: 'front', 'decode-0': 'found by the deployer' },
  }
  try {
    const named = pages.map(({ role }, i) => ({ url: `${root}${i}`, ...(role === undefined ? {} : { role }) }))
    const isEngineMetric = (name: string) => name.includes('num_requests_waiting')
    const found = await workerPages(named, endpoint, { topology, model: 'org/m', isEngineMetric })
    return {
      sources: Object.fromEntries(
        Object.entries(found.metricsUrls).map(([source, url]) => [source, url.replace(root, '')]),
      ),
      codes: found.findings.map(({ code }) => code),
      messages: found.findings.map(({ message }) => message.replaceAll(root, '/')),
    }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

describe('pages that the sweep file names', () => {
  test('replace those of workers that the deployer found, beside the frontend', async () => {
    const { sources, codes } = await seen([{ text: prefillText }, { text: decodeText }])
    assert.deepEqual(sources, { frontend: 'front', 'prefill-0': '0', 'decode-0': '1' })
    assert.deepEqual(codes, [])
  })

  test('are of aggregated workers where all workers are', async () => {
    const { sources } = await seen([{ text: workerText('') }], together)
    assert.deepEqual(sources, { frontend: 'front', 'aggregated-0': '0' })
  })

  test('have the role that is written, whatever their labels', async () => {
    const { sources } = await seen([
      { text: decodeText, role: 'prefill' },
      { text: workerText(''), role: 'decode' },
    ])
    assert.deepEqual(sources, { frontend: 'front', 'prefill-0': '0', 'decode-0': '1' })
  })

  test('have the role that SGLang’s own label tells', async () => {
    const texts = [workerText('engine_type="decode"'), workerText('engine_type="prefill"')]
    const { sources } = await seen(texts.map(text => ({ text })))
    assert.deepEqual(sources, { frontend: 'front', 'decode-0': '0', 'prefill-0': '1' })
  })
})

describe('a page that is not what it should be is one finding:', () => {
  const others = [{ text: prefillText }, { text: decodeText }]

  test('of a program that is no worker', async () => {
    const { sources, codes, messages } = await seen([...others, { text: 'node_load1 0.3\n' }])
    assert.deepEqual(Object.keys(sources), ['frontend', 'prefill-0', 'decode-0'])
    assert.deepEqual(codes, ['metrics-not-a-worker'])
    assert.match(messages[0] ?? '', /^telemetry\.workers\[2\] \(\/2\) has no worker metrics: .* ignored/)
  })

  test('of a worker of another model', async () => {
    const { codes, messages } = await seen([...others, { text: workerText('model_name="x/other"') }])
    assert.deepEqual(codes, ['metrics-not-a-worker'])
    assert.match(messages[0] ?? '', /serves x\/other instead of org\/m/)
  })

  test('without a role', async () => {
    const { sources, codes, messages } = await seen([{ text: workerText('') }])
    assert.deepEqual(sources, { frontend: 'front', 'worker-0': '0' })
    assert.deepEqual(codes, ['metrics-no-role'])
    assert.match(messages[0] ?? '', /do not give the role .*: write \{ url, role \}/)
  })

  test('of a role that the topology lacks', async () => {
    const { codes, messages } = await seen([...others, { text: workerText(''), role: 'aggregated' }])
    assert.deepEqual(codes, ['metrics-no-role'])
    assert.match(messages[0] ?? '', /page of an? aggregated worker, but 1P1D has none/)
  })

  test('that does not exist', async () => {
    const { sources, codes } = await seen([...others.slice(1), { status: 404, role: 'prefill' }])
    assert.deepEqual(sources, { frontend: 'front', 'decode-0': '0' })
    assert.deepEqual(codes, ['metrics-missing'])
  })

  test('more or fewer pages than workers', async () => {
    const { codes, messages } = await seen([...others, { text: decodeText }])
    assert.deepEqual(codes, ['metrics-worker-count'])
    assert.match(messages[0] ?? '', /names 2 pages of decode workers, but 1P1D has 1/)
    assert.deepEqual((await seen([{ text: decodeText }])).codes, ['metrics-worker-count'])
  })

  test('a page of HTML stays, because scraping reports it', async () => {
    const { sources, codes } = await seen([...others.slice(1), { text: '<!doctype html>', role: 'prefill' }])
    assert.deepEqual(sources, { frontend: 'front', 'decode-0': '0', 'prefill-0': '1' })
    assert.deepEqual(codes, [])
  })
})
