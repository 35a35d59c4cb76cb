// Test part: load

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promptJson } from '../../src/generators/prompt-set.ts'
import { createPromptSet } from '../../src/generators/prompts.ts'
import { serverLexicon } from '../../src/generators/server-lexicon.ts'
import { serverCounter } from '../../src/generators/server-tokens.ts'
import { buildTokenizer, type ChatMessage, readTokenizer, type Tokenizer } from '../../src/generators/tokenizer.ts'
import type { Api, Endpoint } from '../../src/model/index.ts'

let folder = ''
let tokenizer: Tokenizer | null = null
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-server-tokens-'))
  tokenizer = buildTokenizer(await readTokenizer('builtin:deepseek-v3'))
})
after(() => rm(folder, { recursive: true, force: true }))

interface Asked {
  readonly path: string
  readonly body: { readonly prompt?: string; readonly messages?: readonly ChatMessage[]; readonly max_tokens?: number }
  readonly authorization: string | undefined
}

/** Which of a server's ways to count exist: vLLM has `/tokenize`, SGLang only for texts, Dynamo none. */
type Kind = 'vllm' | 'sglang' | 'dynamo' | 'none'

/** A server with DeepSeek's tokenizer. `odd` words have one token more than they should. */
async function countingServer(kind: Kind, odd: () => ReadonlySet<string> = () => new Set()) {
  const asked: Asked[] = []
  const countOf = ({ prompt, messages }: Asked['body']) => {
    const ids = messages === undefined ? tokenizer?.encodePrompt(prompt ?? '') : tokenizer?.encodeChat(messages)
    const texts = messages?.map(({ content }) => content) ?? [prompt ?? '']
    const more = texts.flatMap(text => text.split(' ')).filter(word => odd().has(word)).length
    return (ids?.length ?? 0) + more
  }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', part => parts.push(part))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString()) as Asked['body']
      const path = request.url ?? ''
      asked.push({ path, body, authorization: request.headers.authorization })
      const has =
        path === '/tokenize'
          ? kind === 'vllm' || (kind === 'sglang' && body.messages === undefined)
          : kind === 'dynamo' || kind === 'sglang'
      const prompt_tokens = countOf(body)
      const answer = path === '/tokenize' ? { count: prompt_tokens, tokens: [] } : { usage: { prompt_tokens } }
      response.writeHead(has ? 200 : 404, { 'content-type': 'application/json' })
      response.end(has ? JSON.stringify(answer) : '{"detail":"Not Found"}')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const endpoint: Endpoint = { url: `${url}/`, model: 'm', dialect: 'vllm', metricsUrls: {} }
  return {
    asked,
    counterFor: (api: Api, key?: string) => serverCounter(endpoint, api, key, AbortSignal.timeout(120_000)),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const fresh = () => mkdtemp(join(folder, 'cache-'))
const signal = AbortSignal.timeout(240_000)

describe('prompts whose tokens the server counts', () => {
  for (const [kind, api, path] of [
    ['vllm', 'chat', '/tokenize'],
    ['vllm', 'completions', '/tokenize'],
    ['sglang', 'chat', '/v1/chat/completions'],
    ['dynamo', 'completions', '/v1/completions'],
  ] as const)
    it(`have exactly the tokens that are asked for, by a server like ${kind} for the ${api} API`, async () => {
      await using server = await countingServer(kind)
      const prompts = await createPromptSet({
        model: { name: 'm', tokenizer: 'server' },
        workload: { name: 'w', isl: { kind: 'uniform', min: 20, max: 900 }, osl: { kind: 'fixed', tokens: 1 } },
        ...{ api, count: 12, seed: 7, salt: 'p/1', cacheFolder: await fresh(), signal },
        counter: server.counterFor(api, 'key'),
      })
      assert.deepEqual([...new Set(server.asked.slice(1).map(one => one.path))].slice(-1), [path])
      assert.deepEqual([...new Set(server.asked.map(({ authorization }) => authorization))], ['Bearer key'])
      const texts = Array.from({ length: 12 }, (_, index) =>
        JSON.parse(Buffer.from(promptJson(prompts, index)).toString()),
      )
      assert.deepEqual(
        texts.map(text => (api === 'chat' ? tokenizer?.encodeChat(text) : tokenizer?.encodePrompt(text))?.length),
        [...prompts.inputTokens],
      )
    })

  it('leave out words that the server splits', async () => {
    const all = await serverLexicon((await countingServerOnce()).counter, await fresh(), signal)
    const odd = new Set(all.words.filter((_, at) => at % 7 === 3))
    await using server = await countingServer('vllm', () => odd)
    const { words } = await serverLexicon(server.counterFor('completions'), await fresh(), signal)
    assert.deepEqual(
      words.filter(word => odd.has(word)),
      [],
    )
    assert.ok(words.length >= 64)
  })

  it('are kept for the next point, and found again where the server counts otherwise by then', async () => {
    let odd = new Set<string>()
    await using server = await countingServer('vllm', () => odd)
    const cache = await fresh()
    const first = await serverLexicon(server.counterFor('completions'), cache, signal)
    const asked = server.asked.length
    assert.deepEqual(await serverLexicon(server.counterFor('completions'), cache, signal), first)
    assert.ok(server.asked.length - asked <= 3, `${server.asked.length - asked} questions`)
    odd = new Set(first.words.slice(5, 9))
    const later = await serverLexicon(server.counterFor('completions'), cache, signal)
    assert.ok(!later.words.some(word => odd.has(word)))
  })

  it('are an error that names what was tried where the server does not count', async () => {
    await using server = await countingServer('none')
    await assert.rejects(serverLexicon(server.counterFor('chat'), await fresh(), signal), {
      kind: 'environment',
      code: 'server-cannot-count',
      message: /\/tokenize answers HTTP 404; \/v1\/chat\/completions answers HTTP 404/,
      remedy: /folder of the model’s tokenizer/,
    })
  })

  it('are an error where too few words are one token', async () => {
    const every = new Set<string>()
    every.has = () => true
    await using server = await countingServer('vllm', () => every)
    await assert.rejects(serverLexicon(server.counterFor('completions'), await fresh(), signal), {
      kind: 'bad-input',
      code: 'tokenizer-without-words',
    })
  })
})

/** The counter of a server that is not stopped before the test ends. */
async function countingServerOnce() {
  const server = await countingServer('vllm')
  after(() => server[Symbol.asyncDispose]())
  return { counter: server.counterFor('completions') }
}
