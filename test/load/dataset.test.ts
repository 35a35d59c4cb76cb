import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promptJson } from '../../src/load/prompt-set.ts'
import { createPromptSet } from '../../src/load/prompts.ts'
import { buildTokenizer, readTokenizer } from '../../src/load/tokenizer.ts'
import type { Api } from '../../src/point/index.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-dataset-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function prompts(lines: readonly unknown[], api: Api = 'chat', count = 100) {
  const datasetFile = join(folder, 'data.jsonl')
  const text = lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line)))
  await writeFile(datasetFile, `\uFEFF${text.join('\r\n')}`)
  const set = await createPromptSet({
    model: { name: 'm', tokenizer: 'builtin:deepseek-v3' },
    api,
    workload: { name: 'w', isl: { kind: 'fixed', tokens: 1 }, osl: { kind: 'fixed', tokens: 77 }, datasetFile },
    count,
    seed: 1,
    salt: '',
    cacheFolder: folder,
    signal: AbortSignal.timeout(30_000),
  })
  const values = Array.from({ length: set.count }, (_, at) => JSON.parse(Buffer.from(promptJson(set, at)).toString()))
  return { set, values: values as unknown[] }
}

const user = (content: string) => [{ role: 'user', content }]

test('messages come through as they are', async () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Grüße, "quoted"\n字' },
  ]
  const { values, set } = await prompts([{ messages }])
  assert.deepEqual(values, [messages])
  const tokenizer = buildTokenizer(await readTokenizer('builtin:deepseek-v3'))
  assert.equal(set.inputTokens[0], tokenizer.encodeChat(messages).length)
})

test('prompts, genai-perf inputs and texts become user messages', async () => {
  const { values } = await prompts([{ prompt: 'a' }, { text_input: 'b' }, { text: 'c' }])
  assert.deepEqual(values, [user('a'), user('b'), user('c')])
})

test('for the completions API they are strings', async () => {
  const { values, set } = await prompts([{ prompt: 'hello world' }], 'completions')
  assert.deepEqual([values, set.inputTokens[0]], [['hello world'], 2])
})

test('a ShareGPT conversation is asked up to its first answer, whose length is the OSL', async () => {
  const conversations = [
    { from: 'human', value: 'hi' },
    { from: 'gpt', value: 'hello world foo' },
    { from: 'human', value: 'more' },
  ]
  const { values, set } = await prompts([{ id: 'x', conversations }])
  assert.deepEqual([values, set.outputTokens[0]], [[user('hi')], 3])
})

test('a line says its OSL, else the workload does', async () => {
  const { set } = await prompts([{ prompt: 'a', output_tokens: 5 }, { prompt: 'b', max_tokens: 6 }, { prompt: 'c' }])
  assert.deepEqual([...set.outputTokens], [5, 6, 77])
})

test('no more lines are taken than dataset entries asked, in the order of the file', async () => {
  const { values } = await prompts([{ prompt: 'a' }, { prompt: 'b' }, 'not even JSON'], 'chat', 2)
  assert.deepEqual(values, [user('a'), user('b')])
})

const mistakes: readonly (readonly [string, unknown[], Api, RegExp])[] = [
  ['no JSON', [{ prompt: 'a' }, '{"prompt": }'], 'chat', /data\.jsonl:2:12: no JSON/],
  ['a line without a prompt', [{ question: 'a' }], 'chat', /data\.jsonl:1:1: .*neither messages nor a prompt/],
  ['a prompt that is no text', ['{"id": 1, "prompt": 5}'], 'chat', /data\.jsonl:1:11: prompt: .*string/],
  ['messages for completions', ['', { messages: user('a') }], 'completions', /data\.jsonl:2:1: the completions API/],
  ['nothing at all', [''], 'chat', /the dataset is empty/],
]

for (const [what, lines, api, message] of mistakes) {
  test(`${what} is answered with file, line and column`, async () => {
    await assert.rejects(prompts(lines, api), { kind: 'bad-input', message })
  })
}
