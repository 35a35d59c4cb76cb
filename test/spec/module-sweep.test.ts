// Test part: process

// Test part: process

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { FulcrumError } from '../../src/model/index.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import { moduleSweepText, sweepText } from '../../src/spec/module-sweep.ts'
import { readYaml } from '../../src/yaml/yaml-source.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-sweeps-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function write(path: string, text: string): Promise<string> {
  const file = join(folder, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  return file
}

async function problemsOf(path: string, text: string): Promise<readonly string[]> {
  const file = await write(path, text)
  const error = await loadSweep(file).then(
    () => assert.fail(`${path} was accepted`),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof FulcrumError, String(error))
  assert.equal(error.kind, 'bad-input')
  return error.message.replaceAll(`${folder}/`, '').split('\n')
}

const body = `
  name: 'typed',
  model: 'nvidia/DeepSeek-R1-FP4',
  deploy: { with: 'simulated', profile: 'deepseek-r1-fp4-gb200' },
  topologies: [{ aggregated: 2 }, { prefill: [1, 2], decode: 1 }],
  workloads: ['8000/24'],
  load: { concurrency: levels, requests: '3x', warmup: '1x' },
`

test('a sweep in TypeScript has the points of the same sweep in YAML', async () => {
  const typed = await loadSweep(await write('same.ts', `const levels: number[] = [1, 2]\nexport default {${body}}\n`))
  const yaml = await loadSweep(
    await write(
      'same.yaml',
      `name: typed
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: [{ aggregated: 2 }, { prefill: [1, 2], decode: 1 }]
workloads: [8000/24]
load: { concurrency: [1, 2], requests: 3x, warmup: 1x }
`,
    ),
  )
  const { file, text, ...rest } = typed
  const { file: _file, text: _text, ...wanted } = yaml
  // As data: the functions of a deployer and of a generator are others each time.
  assert.deepEqual(JSON.parse(JSON.stringify(rest)), JSON.parse(JSON.stringify(wanted)))
  assert.match(file, /same\.ts$/)
  assert.deepEqual(JSON.parse(text).load.concurrency, [1, 2])
})

for (const [ending, text] of [
  ['.mts', `const levels: number[] = [1]\nexport default {${body}}`],
  ['.mjs', `const levels = [1]\nexport default {${body}}`],
  ['.js', `const levels = [1]\nexport default Promise.resolve({${body}})`],
  ['.cjs', `const levels = [1]\nmodule.exports = {${body}}`],
] as const) {
  test(`a sweep may be a module ending in ${ending}`, async () => {
    assert.equal((await loadSweep(await write(`kinds/sweep${ending}`, text))).name, 'typed')
  })
}

test('defineSweep comes from the Fulcrum that runs, though none is installed beside the sweep', async () => {
  const file = await write(
    'defined.ts',
    `import { defineSweep } from 'fulcrum'\nconst levels = [1]\nexport default defineSweep({${body}})`,
  )
  assert.equal((await loadSweep(file)).name, 'typed')
})

test('a value that is wrong is told by its keys', async () => {
  assert.deepEqual(
    await problemsOf(
      'keys.ts',
      `const levels = [1, 0]
export default {${body.replace('decode: 1', "decode: 1, max_gpus: 'x'")} reapeats: 3 }`,
    ),
    [
      'keys.ts: topologies[1].max_gpus is the text "x"; write a whole number from 1',
      'keys.ts: load.concurrency[1] is 0, below 1; write a whole number from 1, or a list such as [1, 4, 16, 64]',
      'keys.ts: reapeats: unknown key "reapeats"; did you mean "repeats"?',
    ],
  )
})

test('a module that throws, itself or in what it imports, is told with the line', async () => {
  await write('part/rates.ts', '\nthrow new RangeError("no such rate")\n')
  for (const [name, text, told] of [
    ['throws.ts', '\n\nthrow new Error("no such rate")', /^throws\.ts:3: the module cannot be loaded: no such rate;/],
    ['deep.ts', "import './part/rates.ts'\nexport default {}", /part\/rates\.ts:2: .*no such rate;/],
    ['later.ts', '\nexport default (async () => { throw new Error("later") })()', /^later\.ts:2: .*: later;/],
    ['syntax.ts', 'export default {\n a: (\n}', /^syntax\.ts:3: /],
    ['syntax.mjs', 'export default {\n a: (\n}', /^syntax\.mjs:3: /],
    ['enum.ts', 'enum A { x }\nexport default A', /^enum\.ts:1: .*enum is not supported/],
    ['text.ts', 'throw "only text"', /^text\.ts: .*only text/],
    ['absent.ts', "import 'no-such-package-here'", /npm install no-such-package-here$/],
  ] as const) {
    const [first = ''] = await problemsOf(name, text)
    assert.match(first, told)
  }
})

test('a module without a default export, and one that never finishes loading, are refused', async () => {
  assert.match(
    String(await problemsOf('none.ts', 'export const sweep = {}')),
    /no default export; write export default/,
  )
  const file = await write('hangs.ts', 'export default await new Promise(() => {})')
  await assert.rejects(moduleSweepText(file, 'hangs.ts', 50), /did not load within 0.05 s/)
})

test('what JSON would change or drop is refused by its keys', async () => {
  const problems = await problemsOf(
    'odd.ts',
    `const own: unknown[] = []
own.push(own)
class Rate { value = 1 }
export default { f: () => 1, n: NaN, d: new Date(0), l: [1, undefined], b: 1n, m: new Map(), c: { own }, r: new Rate() }`,
  )
  assert.deepEqual(
    problems.map(problem => problem.replace(/;.*/, '')),
    [
      'odd.ts: f is a function',
      'odd.ts: n is NaN, which JSON does not support',
      'odd.ts: d is a Date',
      'odd.ts: l[1] is undefined',
      'odd.ts: b is the bigint "1"',
      'odd.ts: m is a Map',
      'odd.ts: c.own[0] is an object that contains itself',
      'odd.ts: r is a Rate',
    ],
  )
})

test('a part that stands in two places is written twice, and a key that is undefined is left out', () => {
  const part = { isl: 1, osl: 1 }
  const text = sweepText({ workloads: [part, part], mix: undefined }, 'sweep.ts')
  assert.deepEqual(JSON.parse(text), { workloads: [part, part] })
})

test('the parser reads from the text what the module exported, whatever it is', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), value => {
      // JSON itself has no −0.
      const wanted: unknown = JSON.parse(JSON.stringify(value))
      const { value: read, problems } = readYaml(sweepText(value, 'sweep.ts'))
      assert.deepEqual(problems, [])
      assert.deepEqual(read, wanted)
    }),
    { numRuns: 300 },
  )
})
