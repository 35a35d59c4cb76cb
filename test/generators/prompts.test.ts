// Test part: long

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { PromptSet } from '../../src/generators/prompt-set.ts'
import { promptJson } from '../../src/generators/prompt-set.ts'
import type { PromptOptions } from '../../src/generators/prompts.ts'
import { createPromptSet } from '../../src/generators/prompts.ts'
import type { ChatMessage, Tokenizer } from '../../src/generators/tokenizer.ts'
import { buildTokenizer, readTokenizer } from '../../src/generators/tokenizer.ts'
import type { Trace } from '../../src/generators/trace.ts'
import type { Length, Workload } from '../../src/model/index.ts'

let folder = ''
let tokenizer: Tokenizer

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-prompts-'))
  tokenizer = buildTokenizer(await readTokenizer('builtin:deepseek-v3'))
})
after(() => rm(folder, { recursive: true, force: true }))

const fixed = (tokens: number): Length => ({ kind: 'fixed', tokens })
const workload = (more: Partial<Workload> = {}): Workload => ({ name: 'w', isl: fixed(200), osl: fixed(20), ...more })
const prompts = (more: Partial<PromptOptions> = {}) =>
  createPromptSet({
    model: { name: 'm', tokenizer: 'builtin:deepseek-v3' },
    api: 'chat',
    workload: workload(),
    count: 10,
    seed: 100,
    salt: 'point/1',
    cacheFolder: folder,
    signal: AbortSignal.timeout(60_000),
    ...more,
  })

const jsonOf = (set: PromptSet, index: number) => JSON.parse(Buffer.from(promptJson(set, index)).toString()) as unknown
const chatOf = (set: PromptSet, index: number) => jsonOf(set, index) as ChatMessage[]
const contentOf = (set: PromptSet, index: number) => chatOf(set, index)[0]?.content ?? ''
const indices = (set: PromptSet) => Array.from({ length: set.count }, (_, index) => index)
const wordsOf = (set: PromptSet, index: number) => contentOf(set, index).split(' ')

/** Words with which two prompts begin alike. */
function alike(a: readonly string[], b: readonly string[]): number {
  const differs = a.findIndex((word, at) => word !== b[at])
  return differs < 0 ? a.length : differs
}

test('each chat prompt is as many tokens as drawn, its template included', async () => {
  const set = await prompts({ count: 40, workload: workload({ isl: { kind: 'lognormal', mean: 400, stddev: 600 } }) })
  const counted = indices(set).map(index => tokenizer.encodeChat(chatOf(set, index)).length)
  assert.deepEqual(counted, [...set.inputTokens])
})

test('each completion prompt is as many tokens as drawn', async () => {
  const set = await prompts({ api: 'completions', workload: workload({ isl: { kind: 'uniform', min: 1, max: 50 } }) })
  const counted = indices(set).map(index => tokenizer.encodePrompt(jsonOf(set, index) as string).length)
  assert.deepEqual(counted, [...set.inputTokens])
})

test('prompts are plain lower-case words', async () => {
  const set = await prompts()
  for (const index of indices(set)) assert.match(contentOf(set, index), /^[a-z]+( [a-z]+)*$/)
})

test('the same options give these bytes on every machine', async () => {
  const set = await prompts()
  assert.equal(createHash('sha256').update(set.json).digest('hex').slice(0, 16), '128f84779f6f66ca')
})

test('the first prompts of a larger set are the smaller set', async () => {
  const [small, large] = [await prompts({ count: 3 }), await prompts({ count: 6 })]
  for (const index of indices(small)) assert.equal(contentOf(small, index), contentOf(large, index))
})

test('no two prompts begin with the same block of 16 tokens', async () => {
  const set = await prompts({ count: 500 })
  assert.equal(new Set(indices(set).map(index => wordsOf(set, index).slice(0, 12).join(' '))).size, 500)
})

test('prompts of another salt differ from the first words on', async () => {
  const [a, b] = [await prompts({ salt: 'point/1' }), await prompts({ salt: 'point/2' })]
  for (const index of indices(a)) assert.ok(alike(wordsOf(a, index), wordsOf(b, index)) < 4)
})

test('prompts of another seed differ', async () => {
  const [a, b] = [await prompts({ seed: 1 }), await prompts({ seed: 2 })]
  for (const index of indices(a)) assert.ok(alike(wordsOf(a, index), wordsOf(b, index)) < 12)
})

test('prompts share exactly the share that was asked with those of the same prefix', async () => {
  const set = await prompts({ count: 9, workload: workload({ prefix: { share: 0.5, count: 3 } }) })
  const words = 197
  for (const a of indices(set)) {
    for (const b of indices(set).slice(a + 1)) {
      const same = alike(wordsOf(set, a), wordsOf(set, b))
      if (a % 3 === b % 3) assert.equal(same, Math.round(0.5 * words))
      else assert.ok(same < 8, `${same} words of different prefixes are alike`)
    }
  }
})

test('with prefixes each prompt still has its length', async () => {
  for (const share of [0, 0.01, 0.3, 1]) {
    const set = await prompts({ workload: workload({ isl: fixed(40), prefix: { share, count: 2 } }) })
    const counted = indices(set).map(index => tokenizer.encodeChat(chatOf(set, index)).length)
    assert.deepEqual(counted, Array(set.count).fill(40))
  }
})

test('a turn of a conversation adds its ISL to what was said before', async () => {
  const set = await prompts({ count: 2, workload: workload({ conversation: { turns: 3, thinkMs: 0 } }) })
  assert.deepEqual([set.count, set.turns], [6, 3])
  // An answer of 20 tokens, as asked, of words that come back as one token each.
  const answer = { role: 'assistant', content: contentOf(set, 0).split(' ').slice(0, 20).join(' ') }
  const said: ChatMessage[] = []
  for (const index of [0, 1, 2]) {
    said.push(...chatOf(set, index))
    assert.equal(tokenizer.encodeChat(said).length, set.inputTokens[index])
    said.push(answer)
  }
})

test('a conversation over the completions API is refused', async () => {
  const refused = prompts({ api: 'completions', workload: workload({ conversation: { turns: 2, thinkMs: 0 } }) })
  await assert.rejects(refused, { code: 'no-conversation', kind: 'bad-input' })
})

test('an ISL without room for the template is refused with the least that works', async () => {
  await assert.rejects(prompts({ workload: workload({ isl: fixed(3) }) }), {
    code: 'isl-too-short',
    message: /make 4$/,
  })
  assert.equal(wordsOf(await prompts({ workload: workload({ isl: fixed(4) }) }), 0).length, 1)
})

const trace: Trace = {
  file: 't',
  count: 3,
  atMs: Float64Array.of(0, 10, 20),
  inputTokens: Uint32Array.of(1300, 1100, 700),
  outputTokens: Uint32Array.of(5, 6, 7),
  hashIds: [
    [1, 2, 3],
    [1, 2, 4],
    [5, 6],
  ],
  time: { unit: 'ms', guessed: null },
  unanswered: 0,
}

test('prompts of a trace have its lengths', async () => {
  const set = await prompts({ trace })
  const counted = indices(set).map(index => tokenizer.encodeChat(chatOf(set, index)).length)
  assert.deepEqual(counted, [1300, 1100, 700])
  assert.deepEqual([...set.outputTokens], [5, 6, 7])
})

test('prompts of a trace share the blocks of 512 tokens with the same hash ids', async () => {
  const set = await prompts({ trace })
  // Two blocks, less the two tokens that the template puts in front.
  const same = alike(wordsOf(set, 0), wordsOf(set, 1))
  assert.ok(same === 1024 - 3 || same === 1024 - 2, `${same} words alike`)
  assert.ok(alike(wordsOf(set, 0), wordsOf(set, 2)) < 8)
})

test('prompts of a trace without hash ids share nothing', async () => {
  const set = await prompts({ trace: { ...trace, hashIds: null } })
  assert.ok(alike(wordsOf(set, 0), wordsOf(set, 1)) < 8)
})

test('the lexicon is found once and read from the cache after that', async () => {
  const [file] = (await readdir(folder)).filter(name => name.startsWith('lexicon'))
  assert.ok(file !== undefined)
  const expected = contentOf(await prompts(), 0)
  await writeFile(join(folder, file), '{"words":')
  assert.equal(contentOf(await prompts(), 0), expected, 'a broken cache file is made again')
})

test('a cache that cannot be written is no error', async () => {
  const set = await prompts({ cacheFolder: '/dev/null/cache' })
  assert.equal(set.count, 10)
})

test('a tokenizer that is not there is named with what would be right', async () => {
  const model = { name: 'm', tokenizer: '/no/such/folder' }
  await assert.rejects(prompts({ model }), { code: 'tokenizer-missing', remedy: /builtin:deepseek-v3/ })
})
