import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fulcrum, temporaryFolder } from './fulcrum.ts'

interface Seen {
  readonly url: string
  readonly headers: { readonly [name: string]: unknown }
  readonly body: { readonly [field: string]: unknown }
}

const event = (fields: object) => `data: ${JSON.stringify(fields)}\n\n`
const answer = [
  ...Array.from({ length: 20 }, () => event({ choices: [{ index: 0, delta: { content: ' a' } }] })),
  event({ choices: [], usage: { prompt_tokens: 100, completion_tokens: 20 } }),
  'data: [DONE]\n\n',
].join('')

/** A server that keeps what it is asked. */
async function listener() {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    if (request.method === 'POST')
      seen.push({ url: request.url ?? '', headers: request.headers, body: JSON.parse(text) })
    if (request.method === 'POST') response.writeHead(200, { 'content-type': 'text/event-stream' }).end(answer)
    else response.writeHead(404).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/gateway`, seen, [Symbol.asyncDispose]: async () => void server.close() }
}

const sweep = (url: string, more = '') => `name: attached
model: nvidia/DeepSeek-R1-FP4
deploy: { with: attach, url: '${url}', gpus: 1, dialect: dynamo-1, api_key_env: MY_API_KEY }
topologies: agg x1
workloads: 100/20
load: { concurrency: 1, requests: 1, warmup: 0, extra: { temperature: 0 } }
${more}`

const secret = 'very-secret-token'

describe('a plan of a sweep with attach', () => {
  test('shows a request with the fields and headers that the endpoint is asked with', async () => {
    await using place = await temporaryFolder()
    await using server = await listener()
    const file = join(place.path, 'sweep.yaml')
    await writeFile(file, sweep(server.url))
    const env = { MY_API_KEY: secret }
    const { stdout } = await fulcrum(['plan', file, '--json'], { env })
    const { example } = JSON.parse(stdout)
    await fulcrum(['run', file, '--out', place.path], { env })
    // Before it, the endpoint is tried with a short answer.
    const asked = server.seen.find(({ body }) => body.max_tokens === 20)
    assert.ok(asked)
    assert.equal(new URL(example.url).pathname, asked.url)
    assert.equal(asked.headers.authorization, `Bearer ${secret}`)
    assert.equal(example.headers.Authorization, 'Bearer $MY_API_KEY')
    for (const [name, value] of Object.entries(example.headers))
      if (name !== 'Authorization') assert.equal(asked.headers[name.toLowerCase()], value)
    assert.deepEqual(Object.keys(asked.body), Object.keys(example.body))
    assert.deepEqual({ ...asked.body, messages: [] }, { ...example.body, messages: [] })
  })

  test('names the secret in text, too, and starts no workers', async () => {
    await using place = await temporaryFolder()
    const file = join(place.path, 'sweep.yaml')
    await writeFile(file, sweep('http://127.0.0.1:9'))
    for (const args of [
      ['plan', file],
      ['run', file, '--dry-run'],
    ]) {
      const { stdout } = await fulcrum(args, { env: { MY_API_KEY: secret } })
      assert.match(stdout, /POST http:\/\/127\.0\.0\.1:9\/v1\/chat\/completions/)
      assert.match(stdout, /Authorization: Bearer \$MY_API_KEY/)
      assert.match(stdout, /"content": "\(about 100 tokens\)"/)
      assert.ok(!stdout.includes(secret))
    }
    assert.match((await fulcrum(['plan', file])).stdout, /worker starts: none, the endpoint is already running/)
  })

  test('names lengths of answers that differ between requests', async () => {
    await using place = await temporaryFolder()
    const file = join(place.path, 'sweep.yaml')
    const own = sweep('http://127.0.0.1:9').replace('100/20', '{ isl: 100, osl: { mean: 50, stddev: 10 } }')
    await writeFile(file, own)
    const { example } = JSON.parse((await fulcrum(['plan', file, '--json'])).stdout)
    assert.deepEqual([example.body.max_tokens, example.body.min_tokens], ['(about 50)', '(about 50)'])
  })

  for (const [generator, says] of [
    ['aiperf', 'aiperf profile --model nvidia/DeepSeek-R1-FP4'],
    ['genai-perf', 'genai-perf profile --model nvidia/DeepSeek-R1-FP4'],
    ['vllm-bench', 'vllm-rs bench'],
  ] as const)
    test(`shows the command of ${generator} instead, which sends the requests itself`, async () => {
      await using place = await temporaryFolder()
      const file = join(place.path, 'sweep.yaml')
      await writeFile(file, sweep('http://127.0.0.1:9', `generator: ${generator}`))
      const { stdout, stderr } = await fulcrum(['plan', file])
      assert.ok(stdout.includes('the load of the first point:'), stderr)
      assert.ok(stdout.includes(says), stdout)
    })
})
