import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Subprocess } from 'execa'
import { execa } from 'execa'
import type { PromptSet } from '../../src/generators/prompt-set.ts'
import { promptJson } from '../../src/generators/prompt-set.ts'
import type { PromptOptions } from '../../src/generators/prompts.ts'
import { createPromptSet } from '../../src/generators/prompts.ts'
import { serverCounter } from '../../src/generators/server-tokens.ts'

/** A real Dynamo: frontend and mocker, which find each other through files and talk over TCP; no NATS, no etcd. */
const systems = join(import.meta.dirname, '../../.systems')
const python = join(systems, 'dynamo/bin/python')
const model = 'nvidia/DeepSeek-R1-FP4'

let folder = ''
let url = ''
const processes: Subprocess[] = []

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-prompts-'))
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const env = {
    HF_HUB_OFFLINE: '1',
    HF_HOME: join(systems, 'hf'),
    DYN_DISCOVERY_BACKEND: 'file',
    DYN_FILE_KV: join(folder, 'discovery'),
    DYN_REQUEST_PLANE: 'tcp',
    DYN_TCP_RPC_HOST: '127.0.0.1',
    DYN_NAMESPACE: `prompts-${process.pid}`,
  }
  const start = (args: readonly string[]) =>
    execa(python, ['-m', ...args], { env, cwd: folder, reject: false, stdio: 'ignore', detached: true, cleanup: true })
  processes.push(start(['dynamo.frontend', '--http-host', '127.0.0.1', '--http-port', `${port}`]))
  processes.push(start(['dynamo.mocker', '--model-path', model, '--engine-type', 'trtllm', '--speedup-ratio', '100']))
  const deadline = AbortSignal.timeout(60_000)
  while (!(await answers())) await wait(200, undefined, { signal: deadline })
})

after(async () => {
  for (const child of processes) {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    await child
  }
  await rm(folder, { recursive: true, force: true })
})

async function answers(): Promise<boolean> {
  return promptTokens('chat/completions', { messages: [{ role: 'user', content: 'hello' }] }).then(
    tokens => tokens > 0,
    () => false,
  )
}

async function promptTokens(path: string, body: object): Promise<number> {
  const response = await fetch(`${url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 1, stream: false, ...body }),
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return (JSON.parse(text) as { usage: { prompt_tokens: number } }).usage.prompt_tokens
}

const options = (overrides: Partial<PromptOptions>, tokens: number): PromptOptions => ({
  model: { name: model, tokenizer: 'builtin:deepseek-v3' },
  api: 'chat',
  workload: { name: 'w', isl: { kind: 'fixed', tokens }, osl: { kind: 'fixed', tokens: 1 } },
  count: 8,
  seed: 100,
  salt: 'point-1/1',
  cacheFolder: folder,
  signal: AbortSignal.timeout(60_000),
  ...overrides,
})

async function countedBy(set: PromptSet, path: string, field: string): Promise<number[]> {
  const counted: number[] = []
  for (let index = 0; index < set.count; index++) {
    const value = JSON.parse(Buffer.from(promptJson(set, index)).toString()) as unknown
    counted.push(await promptTokens(path, { [field]: value }))
  }
  return counted
}

for (const tokens of [4, 5, 100, 1000, 8000]) {
  test(`a real Dynamo counts chat prompts of ISL ${tokens} as exactly that`, async () => {
    const set = await createPromptSet(options({}, tokens))
    assert.deepEqual(await countedBy(set, 'chat/completions', 'messages'), Array(set.count).fill(tokens))
  })
}

test('a real Dynamo counts completion prompts as exactly what was drawn', async () => {
  const set = await createPromptSet(options({ api: 'completions' }, 1000))
  assert.deepEqual(await countedBy(set, 'completions', 'prompt'), [...set.inputTokens])
})

test('a real Dynamo counts prompts of mixed lengths with a shared prefix as exactly what was drawn', async () => {
  const workload = {
    name: 'mixed',
    isl: { kind: 'lognormal', mean: 500, stddev: 400 },
    osl: { kind: 'fixed', tokens: 1 },
    prefix: { share: 0.5, count: 2 },
  } as const
  const set = await createPromptSet(options({ workload, count: 16 }, 0))
  assert.deepEqual(await countedBy(set, 'chat/completions', 'messages'), [...set.inputTokens])
})

for (const [api, path, field] of [
  ['chat', 'chat/completions', 'messages'],
  ['completions', 'completions', 'prompt'],
] as const)
  test(`a real Dynamo counts prompts of the ${api} API exactly that were made by asking it alone`, async () => {
    const endpoint = { url, model, dialect: 'dynamo-1', metricsUrls: {} } as const
    const set = await createPromptSet({
      ...options({ model: { name: model, tokenizer: 'server' }, api, signal: AbortSignal.timeout(120_000) }, 300),
      counter: serverCounter(endpoint, api, undefined, AbortSignal.timeout(120_000)),
    })
    assert.deepEqual(await countedBy(set, path, field), Array(set.count).fill(300))
  })

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
