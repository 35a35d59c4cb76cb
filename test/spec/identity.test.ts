import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { planSweep } from '../../src/plan/plan.ts'
import { filesOf, read, sweepText } from './sweep-text.ts'

type Contents = { readonly [path: string]: string }

async function idsOf(sections: { readonly [section: string]: string }, contents: Contents) {
  const sweep = await read(sweepText({ topologies: '1P1D', ...sections }), filesOf(contents))
  const ids = planSweep(sweep).deployments.flatMap(({ points }) => points.map(({ id }) => id))
  return { ids, fingerprints: sweep.fingerprints }
}

const tokenizer = {
  '/sweeps/t/tokenizer.json': '{}',
  '/sweeps/t/tokenizer_config.json': 'a',
  '/sweeps/t/chat_template.jinja': 'b',
}
const dynamo = (more: string) => ({ deploy: `{ with: dynamo, backend: dynamo.vllm, ${more} }` })

/** Everywhere that a sweep names a file whose content decides an outcome. */
const named: readonly (readonly [string, { readonly [section: string]: string }, Contents, string])[] = [
  ['a dataset', { workloads: '[{ isl: 9, osl: 9, dataset: d.jsonl }]' }, { '/sweeps/d.jsonl': 'a' }, '/sweeps/d.jsonl'],
  ...Object.keys(tokenizer).map(
    path => [`a tokenizer’s ${path.slice(10)}`, { model: '{ name: m, tokenizer: t }' }, tokenizer, path] as const,
  ),
  [
    'an engine file in args',
    dynamo('args: { extra-engine-args: ./e.yaml }'),
    { '/sweeps/e.yaml': 'a: 1' },
    '/sweeps/e.yaml',
  ],
  [
    'a file without a known ending in args of a role',
    dynamo('role_args: { decode: { chat-template: ./c.jinja } }'),
    { '/sweeps/c.jinja': 'a' },
    '/sweeps/c.jinja',
  ],
  ['a file in a variable', dynamo('env: { UCX_CONFIG: /etc/ucx.cfg }'), { '/etc/ucx.cfg': 'a' }, '/etc/ucx.cfg'],
  [
    'a file in an engine setting',
    { ...dynamo('args: {}'), engine: '{ decode: { speculative_config: { model: /t/c.jinja } } }' },
    { '/t/c.jinja': 'a' },
    '/t/c.jinja',
  ],
  [
    'a file in an argument of the generator',
    { generator: '{ name: aiperf, args: [--input-file, /i.jsonl] }' },
    { '/i.jsonl': 'a' },
    '/i.jsonl',
  ],
  [
    'a file behind an equals sign of the generator’s',
    { generator: '{ name: aiperf, args: [--input-file=/i.jsonl] }' },
    { '/i.jsonl': 'a' },
    '/i.jsonl',
  ],
]

describe('the content of a file decides the id, and the sweep knows the file by its hash:', () => {
  for (const [what, sections, contents, path] of named) {
    test(what, async () => {
      const before = await idsOf(sections, contents).catch((error: Error) => assert.fail(error.message))
      const same = await idsOf(sections, contents)
      const after = await idsOf(sections, { ...contents, [path]: `${contents[path]} # other` })
      assert.deepEqual(same.ids, before.ids)
      assert.ok(after.ids.every(id => !before.ids.includes(id)))
      assert.ok(Object.keys(before.fingerprints).includes(path))
    })
  }
})

test('the content of a program decides no id: what it runs lies beside it', async () => {
  const python = (content: string) =>
    idsOf(
      { deploy: '{ with: dynamo, backend: dynamo.vllm, python: ./python.conf }' },
      { '/sweeps/python.conf': content },
    )
  assert.deepEqual((await python('a')).ids, (await python('b')).ids)
})

test('a sweep that names no file has the ids that it always had', async () => {
  const { ids, fingerprints } = await idsOf({}, {})
  assert.deepEqual(fingerprints, {})
  assert.deepEqual(ids, unchanged)
})

/** Of commit 1563543. */
const unchanged: readonly string[] = ['6b671a93eef9', 'db969a324b34']

describe('a list of models', () => {
  const model = (text: string) => idsOf({ model: text }, {}).then(({ ids }) => ids)

  test('gives points ids of their own, by names and weights', async () => {
    const texts = ['', ', lora-a', ', lora-b', ', { name: lora-a, weight: 2 }'].map(
      more => `[nvidia/DeepSeek-R1-FP4${more}]`,
    )
    const ids = await Promise.all(['nvidia/DeepSeek-R1-FP4', ...texts.slice(1)].map(model))
    assert.equal(new Set(ids.map(String)).size, 4)
  })

  test('with the weight that is meant anyway is the same', async () => {
    const base = 'nvidia/DeepSeek-R1-FP4'
    assert.deepEqual(
      await model(`[${base}, lora-a]`),
      await model(`[{ name: ${base}, weight: 1 }, { name: lora-a, weight: 1 }]`),
    )
  })
})
