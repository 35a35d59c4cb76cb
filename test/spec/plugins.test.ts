// Test part: process

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { branded } from '../../src/model/index.ts'
import { loadPlugin } from '../../src/spec/plugins.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-plugins-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function write(path: string, text: string): Promise<string> {
  const file = join(folder, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  return file
}

/** What `defineGenerator` of another copy of Fulcrum leaves: the registered symbol and a version. */
const brand = (kind: string, version: number) => `{ [Symbol.for('fulcrum.${kind}')]: ${version}, name: 'mine' }`

async function load(specifier: string, kind: 'deployer' | 'generator' = 'generator') {
  return await loadPlugin(specifier, folder, kind)
}

async function refusal(specifier: string, kind: 'deployer' | 'generator' = 'generator') {
  const loaded = await load(specifier, kind)
  if ('definition' in loaded) assert.fail(`${specifier} was loaded`)
  return loaded
}

test('a TypeScript file beside the sweep file is a plug-in', async () => {
  const file = await write(
    'mine.ts',
    `const name: string = 'mine'\nexport default { ...${brand('generator', 1)}, name }\n`,
  )
  const loaded = await load('./mine.ts')
  assert.ok('definition' in loaded)
  assert.equal(loaded.file, file)
  assert.equal(Reflect.get(loaded.definition, 'name'), 'mine')
})

test('an absolute path, a parent folder, and a name that a URL would read otherwise are paths', async () => {
  const file = await write('odd #1 %20.ts', `export default ${brand('generator', 1)}\n`)
  const parent = await loadPlugin('../odd #1 %20.ts', join(folder, 'sweeps'), 'generator')
  assert.ok('definition' in parent && parent.file === file)
  assert.ok('definition' in (await load(file)))
})

test('an installed package is resolved from the folder of the sweep file, by its exports for import', async () => {
  const manifest = JSON.stringify({ name: 'their-load', type: 'module', exports: { import: './main.js' } })
  await write('node_modules/their-load/package.json', manifest)
  const file = await write('node_modules/their-load/main.js', `export default ${brand('generator', 1)}\n`)
  const loaded = await load('their-load')
  assert.ok('definition' in loaded && loaded.file === file)
})

test('a plug-in beside a sweep file imports fulcrum although none is installed there', async () => {
  await write(
    'uses-fulcrum.ts',
    `import * as fulcrum from 'fulcrum'\nexport default { ...${brand('generator', 1)}, found: typeof fulcrum.FulcrumError }\n`,
  )
  const loaded = await load('./uses-fulcrum.ts')
  assert.ok('definition' in loaded)
  assert.equal(Reflect.get(loaded.definition, 'found'), 'function')
})

test('loading a TypeScript plug-in without a package.json makes Node warn of nothing', async () => {
  await write('quiet/mine.ts', `export default ${brand('generator', 1)} as object\n`)
  const module = join(import.meta.dirname, '../../src/spec/plugins.ts')
  const code = `const { loadPlugin } = await import(${JSON.stringify(module)}); const loaded = await loadPlugin('./mine.ts', ${JSON.stringify(join(folder, 'quiet'))}, 'generator'); console.log('definition' in loaded)`
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code])
  assert.equal(stdout, 'true\n')
  assert.equal(stderr, '')
})

test('a file that is not there is told by its path', async () => {
  assert.deepEqual(await refusal('./absent.ts'), {
    wrong: `${join(folder, 'absent.ts')} does not exist`,
    right: 'write the path of a generator module, absolute or relative to the sweep file',
  })
})

test('a folder is told as one', async () => {
  await mkdir(join(folder, 'folder'))
  assert.equal((await refusal('./folder')).wrong, `${join(folder, 'folder')} is not a file`)
})

test('a package that is not installed is told with how to install it', async () => {
  const { wrong, right } = await refusal('no-such-load')
  assert.equal(wrong, `unknown generator "no-such-load", and no package of this name is installed for ${folder}`)
  assert.match(right, /npm install no-such-load/)
})

test('a syntax error is told with its own file and line, in TypeScript', async () => {
  const file = await write('broken.ts', 'const a: number = 1\nexport default {\n  b: = 2,\n}\n')
  assert.deepEqual(await refusal('./broken.ts'), {
    wrong: `./broken.ts cannot be loaded: ${file}:3: Expression expected`,
    right: 'correct the module',
  })
})

test('a syntax error is told with its own file and line, in JavaScript', async () => {
  const file = await write('broken.mjs', 'export default {\n  b: = 2,\n}\n')
  const { wrong } = await refusal('./broken.mjs')
  assert.equal(wrong, `./broken.mjs cannot be loaded: ${file}:2: Unexpected token '='`)
})

test('a syntax error in a file that the plug-in imports is told with that file', async () => {
  const file = await write('inner.mjs', 'export const b = 1\n\nexport const a = )\n')
  await write('outer.mjs', `import { a } from './inner.mjs'\nexport default a\n`)
  assert.match((await refusal('./outer.mjs')).wrong, new RegExp(`: ${file}:3: `))
})

test('syntax that Node can not strip is told with its place', async () => {
  const file = await write('enum.ts', 'const one = 1\nenum Kind { a }\nexport default Kind.a\n')
  assert.match((await refusal('./enum.ts')).wrong, new RegExp(`${file}:2: .*enum is not supported`))
})

test('what a module throws while it is loaded is told with the line that threw', async () => {
  const file = await write('throws.ts', `export default 1\n\nthrow new Error('no licence')\n`)
  assert.equal((await refusal('./throws.ts')).wrong, `./throws.ts cannot be loaded: ${file}:3: no licence`)
})

test('what a module throws may be anything', async () => {
  await write('throws-text.mjs', `throw 'only words'\n`)
  assert.equal((await refusal('./throws-text.mjs')).wrong, './throws-text.mjs cannot be loaded: only words')
})

test('a package that the plug-in needs and lacks is told with how to install it', async () => {
  await write('needs.ts', `import { x } from '@scope/absent'\nexport default x\n`)
  const { wrong, right } = await refusal('./needs.ts')
  assert.match(wrong, /Cannot find package '@scope\/absent'/)
  assert.match(right, /npm install @scope\/absent/)
})

test('TypeScript below node_modules is told with the way out', async () => {
  await write('node_modules/typed-load/package.json', JSON.stringify({ name: 'typed-load', exports: './main.ts' }))
  await write('node_modules/typed-load/main.ts', `export default ${brand('generator', 1)}\n`)
  const { wrong, right } = await refusal('typed-load')
  assert.match(wrong, /TypeScript file in node_modules/)
  assert.match(right, /compile the package to JavaScript/)
})

test('a module without a default export, and one whose default export is something else, are told apart', async () => {
  await write('named.ts', `export const generator = ${brand('generator', 1)}\n`)
  await write('plain.ts', `export default { name: 'mine' }\n`)
  const right = 'write export default defineGenerator({ … }), with defineGenerator of fulcrum'
  assert.deepEqual(await refusal('./named.ts'), { wrong: './named.ts has no default export', right })
  const wrong = 'the default export of ./plain.ts does not come from defineGenerator'
  assert.deepEqual(await refusal('./plain.ts'), { wrong, right })
})

test('a deployer is no generator, and a generator no deployer', async () => {
  await write('deployer.ts', `export default ${brand('deployer', 1)}\n`)
  assert.deepEqual(await refusal('./deployer.ts'), {
    wrong: './deployer.ts is a deployer, not a generator',
    right: 'write it as deploy.with, and a generator here',
  })
  await write('generator.ts', `export default ${brand('generator', 1)}\n`)
  assert.equal((await refusal('./generator.ts', 'deployer')).wrong, './generator.ts is a generator, not a deployer')
})

test('another version of the contract is told with what to update', async () => {
  await write('future.ts', `export default ${brand('generator', 99)}\n`)
  assert.deepEqual(await refusal('./future.ts'), {
    wrong: './future.ts implements version 99 of the generator contract, but this Fulcrum requires version 1',
    right: 'update Fulcrum, which is older than the plug-in',
  })
})

test('what defineDeployer and defineGenerator mark is what the loader looks for', async () => {
  const marked = branded('generator', { name: 'mine' })
  assert.equal(Reflect.get(marked, Symbol.for('fulcrum.generator')), 1)
  assert.equal(Reflect.get(branded('deployer', {}), Symbol.for('fulcrum.deployer')), 1)
})
