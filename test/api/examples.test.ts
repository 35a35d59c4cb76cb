// Test part: process

import assert from 'node:assert/strict'
import { cp, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { type ApiEntry, exportsIn, publicApi, signatureOf, tagsOf } from '../../scripts/reference/public-api.ts'
import { repository, temporaryFolder } from '../cli/fulcrum.ts'
import { codeBlocks, pages } from '../docs/markdown.ts'

const entries = await publicApi()

describe('every export of fulcrum', () => {
  for (const { name, file, line, text, examples } of entries) {
    test(`${name} has TSDoc with an example`, () => {
      assert.ok(text.length > 20, `${file}:${line}: ${name} says too little: write what it is, with units`)
      assert.ok(examples.length > 0, `${file}:${line}: ${name} has no @example with a \`\`\`ts block`)
    })
  }

  test('is used by its own example', () => {
    const unused = entries.filter(
      ({ name, examples }) => !examples.some(code => new RegExp(`\\b${name}\\b`).test(code)),
    )
    assert.deepEqual(
      unused.map(({ name }) => name),
      [],
    )
  })

  test('of texts for a terminal there is none', () => {
    const terminal = entries.filter(({ file }) => /^src\/(cli|render\/terminal)\//.test(file))
    assert.deepEqual(terminal, [])
  })
})

describe('the examples', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  before(async () => {
    folder = await temporaryFolder()
    await writeExamples(folder.path)
  })
  after(() => folder[Symbol.asyncDispose]())

  test('type-check strictly, as a user would check them, and so does the TypeScript of every page of docs/', {
    timeout: 300_000,
  }, async () => {
    await writeFile(
      join(folder.path, 'tsconfig.json'),
      JSON.stringify({
        extends: join(repository, 'tsconfig.json'),
        compilerOptions: {
          paths: { fulcrum: [join(repository, 'src/index.ts')] },
          typeRoots: [join(repository, 'node_modules/@types')],
        },
        include: ['*.ts'],
      }),
    )
    const checked = await execa('tsc', ['-p', folder.path], { cwd: repository, preferLocal: true, reject: false })
    assert.equal(checked.exitCode, 0, checked.stdout)
  })

  test('run', { timeout: 300_000 }, async () => {
    const ran = await execa(process.execPath, ['run-examples.ts'], {
      cwd: folder.path,
      env: { FULCRUM_STATE_DIR: join(folder.path, 'state') },
      reject: false,
      timeout: 240_000,
    })
    assert.equal(ran.exitCode, 0, ran.stderr)
    const wanted = entries.flatMap(entry => entry.examples.map((_, i) => fileOf(entry, i)))
    assert.deepEqual(ran.stdout.match(/(?<=^ran ).*$/gm)?.toSorted(), wanted.toSorted())
    assert.match(ran.stdout, /^complete \S+index\.html$/m)
  })
})

const fileOf = ({ name }: ApiEntry, index: number) => `${name}${index === 0 ? '' : `-${index + 1}`}.ts`

/** The runs that examples name; made by the example of runSweep, which comes first. */
const runs = [
  'results/quick/20261124T230000Z-1a2b3c',
  'results/nightly/20261123T020000Z-aaaaaa',
  'results/nightly/20261124T020000Z-bbbbbb',
]

async function writeExamples(folder: string): Promise<void> {
  for (const entry of entries)
    for (const [index, code] of entry.examples.entries()) await writeFile(join(folder, fileOf(entry, index)), code)
  for (const { path, text } of await pages()) {
    if (path === 'docs/reference/api.md') continue
    const blocks = codeBlocks(text).filter(
      ({ language, lines }) => language === 'ts' && lines.join().includes("from 'fulcrum'"),
    )
    for (const { line, lines } of blocks)
      await writeFile(join(folder, `${path.replaceAll(/\W/g, '-')}-${line}.ts`), lines.join('\n'))
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await cp(join(repository, 'sweeps'), join(folder, 'sweeps'), { recursive: true })
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
  const files = entries.flatMap(entry => entry.examples.map((_, index) => fileOf(entry, index)))
  const later = files.filter(file => file !== 'runSweep.ts')
  await writeFile(
    join(folder, 'run-examples.ts'),
    `import { cp, glob } from 'node:fs/promises'
import { importFrom } from ${JSON.stringify(join(repository, 'src/spec/import-module.ts'))}

const run = async (file: string) => {
  const imported = await importFrom('./' + file, process.cwd())
  if ('error' in imported) throw new Error(file, { cause: imported.error })
  console.log('ran ' + file)
}
await run('runSweep.ts')
const [made] = await Array.fromAsync(glob('results/first-look/*'))
for (const folder of ${JSON.stringify(runs)}) await cp(String(made), folder, { recursive: true })
for (const file of ${JSON.stringify(later)}) await run(file)
`,
  )
}

describe('the public API is read from the sources', () => {
  test('name by name; export * is refused, as nobody would see what it exports', () => {
    assert.deepEqual(exportsIn("export { type A, b } from './b.ts'\nexport type { C } from './c.ts'\n"), [
      { name: 'A', from: './b.ts' },
      { name: 'b', from: './b.ts' },
      { name: 'C', from: './c.ts' },
    ])
    assert.throws(() => exportsIn("export * from './b.ts'\n"), /name each export/)
  })

  test('with signatures that end where the body begins', () => {
    const text = 'export async function* f(\n  { a }: A,\n  b = {},\n): AsyncGenerator<B> {\n  yield 1\n}\n'
    assert.equal(signatureOf(text, 'function*'), 'export function f(\n  { a }: A,\n  b = {},\n): AsyncGenerator<B>')
    assert.equal(
      signatureOf('export interface A {\n  readonly b: 1\n}\n\nexport type C = 1\n', 'interface'),
      'export interface A {\n  readonly b: 1\n}',
    )
    assert.equal(signatureOf('export type C =\n  | 1\n  | 2\n\nconst d = 1\n', 'type'), 'export type C =\n  | 1\n  | 2')
  })

  test('with their tags apart', () => {
    const tags = tagsOf(
      '/**\n * What it\n * does.\n *\n * @param a what a is,\n *   in ms\n * @throws E never\n * @example\n * ```ts\n * f(1)\n * ```\n */\n',
    )
    assert.deepEqual(tags, {
      text: 'What it does.',
      params: [{ name: 'a', text: 'what a is, in ms' }],
      returns: '',
      throws: ['E never'],
      examples: ['f(1)\n'],
    })
  })
})
