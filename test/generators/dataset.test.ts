// Test part: long

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { type DatasetOptions, measureDataset } from '../../src/generators/dataset.ts'
import { readDatasetFile } from '../../src/generators/dataset-file.ts'
import { readRow } from '../../src/generators/dataset-row.ts'
import { createPromptBook } from '../../src/generators/prompt-book.ts'
import { promptJson } from '../../src/generators/prompt-set.ts'
import { createPromptSet } from '../../src/generators/prompts.ts'
import { buildTokenizer, readTokenizer } from '../../src/generators/tokenizer.ts'
import type { Api, Workload } from '../../src/model/index.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-dataset-'))
})
after(() => rm(folder, { recursive: true, force: true }))

const workload: Workload = { name: 'w', isl: { kind: 'fixed', tokens: 1 }, osl: { kind: 'fixed', tokens: 77 } }

const measure = (file: string, options: Partial<DatasetOptions> = {}) =>
  measureDataset(file, {
    tokenizer: 'builtin:deepseek-v3',
    api: 'chat',
    most: 100,
    cacheFolder: folder,
    signal: AbortSignal.timeout(30_000),
    ...options,
  })

const readFirst = (file: string) =>
  readDatasetFile(file, { most: 100, api: 'chat', signal: AbortSignal.timeout(30_000) })

async function prompts(lines: readonly unknown[], api: Api = 'chat', count = 100) {
  const datasetFile = join(folder, 'data.jsonl')
  const text = lines.map(line => (typeof line === 'string' ? line : JSON.stringify(line)))
  await writeFile(datasetFile, `\uFEFF${text.join('\r\n')}`)
  const set = await createPromptSet({
    model: { name: 'm', tokenizer: 'builtin:deepseek-v3' },
    api,
    workload: { ...workload, datasetFile },
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

test('lines of an OpenAI batch file are sent as their bodies ask', async () => {
  const batch = (body: object, url = '/v1/chat/completions') => ({ custom_id: 'r', method: 'POST', url, body })
  const { values, set } = await prompts([
    batch({ model: 'gpt', messages: user('Why?'), max_tokens: 12 }),
    batch({ model: 'gpt', input: 'How?', max_output_tokens: 7 }, '/v1/responses'),
    batch({ model: 'gpt', prompt: 'When?' }, '/v1/completions'),
    batch({ model: 'gpt', input: user('Who?') }, '/v1/responses'),
  ])
  assert.deepEqual(values, [user('Why?'), user('How?'), user('When?'), user('Who?')])
  assert.deepEqual([...set.outputTokens].slice(0, 2), [12, 7])
})

test('lines of an OpenAI batch file that no chat can send say why', () => {
  const whyOf = (row: object) =>
    readRow({ custom_id: 'r', ...row }, 'chat').map(found => ('why' in found ? found.why : ''))
  assert.deepEqual(whyOf({ url: '/v1/embeddings', body: { input: 'a' } }), [
    'it asks /v1/embeddings, which is not an API that generates answers',
  ])
  assert.deepEqual(whyOf({ body: 5 }), ['body is a number, not an object'])
  assert.deepEqual(whyOf({ body: { messages: user('a'), tools: [{}] } }), ['body has tools'])
  assert.match(whyOf({ body: { messages: user('a'), max_tokens: 0 } })[0] ?? '', /max_tokens is 0/)
})

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

const turn = (from: string, value = `${from} says`) => ({ from, value })
const pass = { prompt: 'sound' }

const taken: readonly (readonly [string, unknown, unknown])[] = [
  ['other words for a user and a model', { conversations: [turn('human', 'a'), turn('gpt')] }, user('a')],
  ['roles in capitals', { messages: [{ role: 'User', content: 'a' }] }, user('a')],
  ['turns written as messages', { conversations: [{ role: 'user', content: 'a' }] }, user('a')],
  [
    'content as parts',
    { messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, { text: 'b' }] }] },
    user('a\nb'),
  ],
  ['a bare string', '"a"', user('a')],
  ['a list of one text', { texts: ['a'] }, user('a')],
  ['the first turn of AIPerf', { session_id: 's', turns: [{ text: 'a' }, { text: 'b' }] }, user('a')],
  ['messages alone', [{ role: 'user', content: 'a' }], user('a')],
  [
    'a recorded answer at the end, which is not sent',
    { messages: [...user('a'), { role: 'assistant', content: 'b' }] },
    user('a'),
  ],
  [
    'an unknown speaker behind the answer, who is not asked',
    { conversations: [turn('human', 'a'), turn('gpt'), turn('bing')] },
    user('a'),
  ],
]
for (const [what, row, messages] of taken) {
  test(`taken: ${what}`, async () => {
    const file = join(folder, 'taken.jsonl')
    await writeFile(file, [row, pass].map(line => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'))
    const { entries } = await readFirst(file)
    assert.deepEqual(
      entries.map(entry => entry.messages),
      [messages, user('sound')],
    )
  })
}

test('a recorded answer of messages is the OSL', async () => {
  const { set } = await prompts([{ messages: [...user('a'), { role: 'assistant', content: 'hello world foo' }] }])
  assert.deepEqual([...set.outputTokens], [3])
})

test('images are sent as parts of their message, and only the server counts such a prompt', async () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'low' } }
  const shown = { role: 'user', content: [{ type: 'text', text: 'what is it?' }, image] }
  const { set, values } = await prompts([
    { messages: [{ role: 'system', content: 'be brief' }, shown] },
    { messages: [{ role: 'user', content: [image] }], max_tokens: 9 },
    { prompt: 'plain' },
  ])
  assert.deepEqual(values, [
    [{ role: 'system', content: 'be brief' }, shown],
    [{ role: 'user', content: [image] }],
    user('plain'),
  ])
  assert.deepEqual(
    [[...set.inputTokens.subarray(0, 2)], [...set.outputTokens]],
    [
      [0, 0],
      [77, 9, 77],
    ],
  )
  assert.ok((set.inputTokens[2] ?? 0) > 0)
})

for (const api of ['completions', 'responses'] as const) {
  test(`an image is not sent by the ${api} API`, () => {
    const content = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }]
    const [row] = readRow({ messages: [{ role: 'user', content }] }, api)
    assert.ok(row !== undefined && 'why' in row)
    assert.match(row.why, api === 'responses' ? /write api: chat/ : /completions API does not accept messages/)
  })
}

test('payloads of genai-perf and AIPerf inputs are a row each', async () => {
  const inputs = {
    data: [
      { payload: [{ messages: user('a'), model: 'm', stream: true, max_tokens: 4 }] },
      { session_id: 's', payloads: [{ messages: user('b'), max_completion_tokens: 5 }, { prompt: ['c'] }] },
    ],
  }
  const { values, set } = await prompts([inputs])
  assert.deepEqual(
    [values, [...set.outputTokens]],
    [
      [user('a'), user('b'), user('c')],
      [4, 5, 77],
    ],
  )
})

const odd: readonly (readonly [string, unknown, RegExp])[] = [
  [
    'a speaker that no API knows',
    { conversations: [turn('human'), turn('bing')] },
    /conversations\[1\] is a turn of "bing"/,
  ],
  ['a role that no API knows', { messages: [{ role: 'bing', content: 'a' }] }, /messages\[0\] is a turn of "bing"/],
  [
    'the result of a tool',
    { messages: [...user('a'), { role: 'tool', content: 'b' }] },
    /messages\[1\] is the result of a tool/,
  ],
  ['a call of tools', { messages: [...user('a'), { role: 'assistant', content: '', tool_calls: [] }] }, /calls tools/],
  ['a model that begins', { conversations: [turn('gpt'), turn('human')] }, /begins with the model's turn/],
  [
    'messages whose model begins',
    { messages: [{ role: 'assistant', content: 'a' }, ...user('b')] },
    /begins with the model/,
  ],
  [
    'a model that begins behind a system prompt',
    { conversations: [turn('system'), turn('gpt')] },
    /begins with the model/,
  ],
  ['a system prompt alone', { messages: [{ role: 'system', content: 'a' }] }, /has no turn of a user/],
  ['no turn at all', { conversations: [] }, /has no turn of a user/],
  ['an empty prompt', { prompt: ' ' }, /prompt is empty/],
  ['an empty turn', { messages: user('') }, /turn of the user in messages is empty/],
  ['no content', { messages: [{ role: 'user', content: null }] }, /has nothing as its content/],
  [
    'an image',
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] },
    /has an image without a url/,
  ],
  ...(
    [
      [
        'an image that the server would fetch',
        'https://example.org/cat.png',
        /"https:.*cat\.png", which the server would fetch/,
      ],
      ['an image that is not base64', 'data:image/png,abc', /not a data:image.*base64 URL/],
      ['a film in place of an image', 'data:video/mp4;base64,AAAA', /not a data:image.*base64 URL/],
    ] as const
  ).map(([what, url, why]): readonly [string, unknown, RegExp] => [
    what,
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] },
    why,
  ]),
  [
    'a sound',
    { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }] },
    /not text \(input_audio\)/,
  ],
  ["AIPerf's image beside a text", { text: 'what is it?', image: 'a.png' }, /has image beside its text/],
  ['token ids', { prompt: [1, 2] }, /prompt is a list of 2/],
  ['no object', 7, /a row is a number/],
  ['null', 'null', /a row is null/],
  ['an OSL of 0', { prompt: 'a', max_tokens: 0 }, /max_tokens is 0/],
  ['an OSL that is text', { prompt: 'a', output_length: '12' }, /output_length is "12"/],
  ['strange keys', { instruction: 'a' }, /neither messages nor a prompt: its keys are "instruction"/],
  ['messages that are text', { messages: 'a' }, /messages is not a list/],
  ['a line cut off', '{"prompt": "a', /no JSON: Unterminated string/],
]
for (const [what, row, why] of odd) {
  test(`passed over and told: ${what}`, async () => {
    const lines = [pass, row, pass].map(line => (typeof line === 'string' ? line : JSON.stringify(line)))
    const file = join(folder, 'odd.jsonl')
    await writeFile(file, lines.join('\n'))
    const dataset = await readFirst(file)
    assert.deepEqual([dataset.rows, dataset.odd?.count], [2, 1])
    assert.match(dataset.odd?.where ?? '', /odd\.jsonl:2:\d+$/)
    assert.match(dataset.odd?.why ?? '', why)
    assert.deepEqual(
      dataset.entries.map(({ line }) => line),
      [1, 3],
    )
  })
}

test('an answer in several turns is left out of the request as a whole', () => {
  const turns = ['a', 'b'].map(content => ({ role: 'assistant', content }))
  const found = readRow({ messages: [{ role: 'user', content: 'ask' }, ...turns] }, 'chat')
  assert.deepEqual(
    found.map(row => ('why' in row ? row : [row.entry.messages, row.entry.answer])),
    [[[{ role: 'user', content: 'ask' }], 'a\nb']],
  )
})

test('whatever a row is, it is taken with roles that the chat API knows or passed over with a reason', () => {
  const text = fc.oneof(
    fc.constantFrom('user', 'human', 'gpt', 'bing', 'tool', 'system', 'function', '__proto__'),
    fc.string(),
  )
  const content = fc.oneof(text, fc.array(fc.oneof(text, fc.record({ text }))), fc.jsonValue())
  const said = fc.record({ role: text, from: text, content, value: content }, { requiredKeys: [] })
  const row = fc.oneof(
    fc.record({ messages: fc.array(said), conversations: fc.array(said), prompt: content }, { requiredKeys: [] }),
    fc.jsonValue(),
  )
  fc.assert(
    fc.property(row, value => {
      for (const found of readRow(value, 'chat')) {
        if ('why' in found) assert.ok(found.why.length > 0)
        else {
          const roles = found.entry.messages.map(message => message.role)
          assert.ok(roles.every(role => ['system', 'developer', 'user', 'assistant'].includes(role)))
          assert.notEqual(roles.at(-1), 'assistant')
          assert.ok(found.entry.messages.every(message => typeof message.content === 'string'))
        }
      }
    }),
    { numRuns: 1000 },
  )
})

test('a row that the chat template refuses is passed over', async () => {
  const tokenizer = join(folder, 'strict')
  await mkdir(tokenizer, { recursive: true })
  const model = { type: 'WordLevel', vocab: { a: 0, '[UNK]': 1 }, unk_token: '[UNK]' }
  await writeFile(
    join(tokenizer, 'tokenizer.json'),
    JSON.stringify({
      model,
      added_tokens: [],
      decoder: null,
      normalizer: null,
      post_processor: null,
      pre_tokenizer: { type: 'Whitespace' },
    }),
  )
  const strict =
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system prompt here') }}{% endif %}{{ messages[0]['content'] }}"
  await writeFile(join(tokenizer, 'tokenizer_config.json'), JSON.stringify({ chat_template: strict }))
  const file = join(folder, 'strict.jsonl')
  const rows = [{ prompt: 'a a' }, { messages: [{ role: 'system', content: 'a' }, ...user('a')] }, { prompt: 'a' }]
  await writeFile(file, rows.map(row => JSON.stringify(row)).join('\n'))
  const dataset = await measure(file, { tokenizer })
  assert.deepEqual([dataset.rows, dataset.odd?.count, dataset.inputTokens], [2, 1, [2, 1]])
  assert.match(dataset.odd?.why ?? '', /chat template rejects it: .*no system prompt here/)
})

test('a dataset of which half can’t be sent is refused with the first such row', async () => {
  const file = join(folder, 'half.jsonl')
  await writeFile(file, [{ question: 'a' }, pass, { question: 'b' }, pass].map(row => JSON.stringify(row)).join('\n'))
  await assert.rejects(measure(file), {
    kind: 'bad-input',
    code: 'data-line-invalid',
    message: /half\.jsonl:1:1: .*2 of 4 rows cannot be sent; this is the first.*; write \{"prompt"/,
  })
})

test('all rows are counted, and as many kept as are asked for', async () => {
  const file = join(folder, 'many.jsonl')
  await writeFile(file, '{"prompt": "a"}\n'.repeat(5000))
  const dataset = await measure(file, { most: 7 })
  assert.deepEqual([dataset.rows, dataset.entries.length, dataset.inputTokens.length], [5000, 7, 7])
  assert.deepEqual((await measure(file, { most: 9 })).inputTokens.length, 9)
})

test('prompts that are the same are known as such', async () => {
  const { set } = await prompts([{ prompt: 'a' }, { prompt: 'b' }, { text: 'a' }, { messages: user('b') }])
  assert.deepEqual([...(set.firstAlike ?? [])], [0, 1, 0, 1])
})

test('a file that was exchanged since the sweep was read is not sent', async () => {
  const datasetFile = join(folder, 'exchanged.jsonl')
  await writeFile(datasetFile, '{"prompt": "a"}')
  const datasetSha256 = (await measure(datasetFile)).sha256
  const book = createPromptBook()
  const make = () =>
    createPromptSet({
      model: { name: 'm', tokenizer: 'builtin:deepseek-v3' },
      api: 'chat',
      workload: { ...workload, datasetFile, datasetSha256 },
      count: 1,
      seed: 1,
      salt: '',
      cacheFolder: folder,
      book,
      signal: AbortSignal.timeout(30_000),
    })
  assert.equal((await make()).count, 1)
  await writeFile(datasetFile, '{"prompt": "b"}')
  await assert.rejects(make(), {
    kind: 'bad-input',
    code: 'dataset-changed',
    message: /has changed since the run started/,
  })
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
