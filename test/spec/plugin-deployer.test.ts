// Test part: process

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { deployerContext } from '../../src/deployers/context.ts'
import { askingByDefault } from '../../src/generators/probe.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import { sweepText } from './sweep-text.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-plugin-deployer-'))
})
after(() => rm(folder, { recursive: true, force: true }))

const src = (file: string) => pathToFileURL(join(import.meta.dirname, '../../src', file)).href

/** A deployer of somebody else's, as a module beside the sweep file. */
const module = (name = 'my-server', key = 'decisive') => `
import { z } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../node_modules/zod/index.js')).href)}
import { defineDeployer } from '${src('deployers/define-deployer.ts')}'
import { field } from '${src('yaml/field.ts')}'
import { decisive, operational } from '${src('yaml/keys.ts')}'
import { durationInSeconds, filePath } from '${src('yaml/kinds.ts')}'

const undecided = (schema) => schema
export default defineDeployer({
  name: '${name}',
  about: 'Processes of my-server.',
  keys: {
    binary: ${key}(field(filePath, 'The server.', 'write the path of the server')),
    flavour: decisive(field(z.enum(['sweet', 'sour']), 'Its flavour.', 'write sweet or sour').default('sweet')),
    patience: operational(field(durationInSeconds, 'How long to wait.', 'write a duration').prefault('60s')),
  },
  capabilities: config => ({
    gpusPerWorker: () => 2,
    misfit: ({ topology }) =>
      topology.kind === 'aggregated' ? null : { path: null, wrong: 'it runs aggregated workers only', remedy: 'write agg x1' },
  }),
  startupS: () => 7,
  create: () => ({
    reconcile: () => Promise.reject(new Error('not here')),
    check: async () => [],
    preview: () => ({ commands: [{ argv: ['my-server'], env: {} }], files: [] }),
    logs: () => ({}),
    close: async () => {},
  }),
})
`

async function write(path: string, text: string): Promise<string> {
  const file = join(folder, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  return file
}

async function load(deploy: string, sections: { readonly [section: string]: string } = {}) {
  return await loadSweep(await write('s.yaml', sweepText({ deploy, topologies: '[agg x1]', ...sections })))
}

async function problems(deploy: string, sections = {}): Promise<readonly string[]> {
  try {
    await load(deploy, sections)
    return []
  } catch (error) {
    if (!(error instanceof FulcrumError)) throw error
    return error.message.replaceAll(`${folder}/`, '').split('\n')
  }
}

describe('a deployer of others', () => {
  before(async () => {
    await write('mine.ts', module())
    await write('server', '')
  })

  test('is read as its keys say: paths absolute, durations in seconds, defaults filled in', async () => {
    const { deploy } = await load('{ with: ./mine.ts, binary: server, patience: 2m }')
    assert.deepEqual(deploy.config, { binary: join(folder, 'server'), flavour: 'sweet', patience: 120 })
    assert.deepEqual([deploy.name, deploy.startupS], ['my-server', 7])
  })

  test('says what one of its workers holds, and previews its commands', async () => {
    const { deploy, deployments } = await load('{ with: ./mine.ts, binary: server }')
    const [first] = deployments
    assert.ok(first !== undefined)
    assert.equal(first.gpusPerWorker.aggregated, 2)
    const ledger = { id: 'l', runFolder: null, open() {}, add() {}, remove() {}, close() {} }
    const deployer = deploy.create(
      deployerContext({ model: 'm', runFolder: folder, ledger, ask: askingByDefault, wordPrompts: false }),
    )
    assert.deepEqual(deployer.preview(null, first).commands, [{ argv: ['my-server'], env: {} }])
  })

  for (const [what, deploy, expected] of [
    [
      'an unknown key',
      '{ with: ./mine.ts, binary: server, flavor: sour }',
      /^s\.yaml:3:\d+: .*"flavor".*did you mean "flavour"/,
    ],
    [
      'a wrong value',
      '{ with: ./mine.ts, binary: server, flavour: bitter }',
      /^s\.yaml:3:\d+: deploy\.flavour .*sweet or sour/,
    ],
    ['a missing key', '{ with: ./mine.ts }', /^s\.yaml:3:\d+: deploy\.binary is missing; write the path of the server/],
    [
      'a file that is not there',
      '{ with: ./mine.ts, binary: none }',
      /^s\.yaml:3:\d+: deploy\.binary is "none", but none does not exist/,
    ],
  ] as const) {
    test(`has ${what} told with its place`, async () => {
      assert.match((await problems(deploy)).join('\n'), expected)
    })
  }

  test('refuses deployments that it has no room for, at the topologies', async () => {
    const found = await problems('{ with: ./mine.ts, binary: server }', { topologies: '[1P1D]' })
    assert.match(found[0] ?? '', /^s\.yaml:4:\d+: 1P1D: it runs aggregated workers only; write agg x1/)
  })

  test('has ids that decisive keys change and operational ones don’t', async () => {
    const idOf = async (rest: string) => (await load(`{ with: ./mine.ts, binary: server${rest} }`)).deployments[0]?.id
    const usual = await idOf('')
    assert.equal(await idOf(', patience: 5m'), usual)
    assert.notEqual(await idOf(', flavour: sour'), usual)
  })

  test('has the same ids wherever its module lies', async () => {
    const here = await load('{ with: ./mine.ts, binary: server }')
    await write('elsewhere/mine.ts', module())
    const there = await load('{ with: ./elsewhere/mine.ts, binary: server }')
    assert.equal(there.deployments[0]?.id, here.deployments[0]?.id)
  })

  test('may be an installed package', async () => {
    const manifest = JSON.stringify({ name: 'their-server', type: 'module', exports: './main.ts' })
    await write('node_modules/their-server/package.json', manifest)
    await write('node_modules/their-server/main.ts', module('their-server'))
    // Node strips no types below node_modules.
    await write('node_modules/their-server/main.js', module('their-server'))
    await write('node_modules/their-server/package.json', manifest.replace('main.ts', 'main.js'))
    assert.equal((await load('{ with: their-server, binary: server }')).deploy.name, 'their-server')
  })

  test('that takes the name of a shipped one is refused', async () => {
    await write('taken.ts', module('dynamo'))
    assert.match(
      (await problems('{ with: ./taken.ts }')).join('\n'),
      /^s\.yaml:3:\d+: \.\/taken\.ts defines a deployer called "dynamo", which is one of Fulcrum’s own; give it another name/,
    )
  })

  test('with a key that is neither decisive nor operational is refused by name', async () => {
    await write('undecided.ts', module('my-server', 'undecided'))
    assert.match(
      (await problems('{ with: ./undecided.ts, binary: server }')).join('\n'),
      /Key binary of deployer my-server is neither decisive nor operational/,
    )
  })

  test('that is not there is one error, at its name, beside those of other sections', async () => {
    const found = await problems('{ with: ./none.ts, whatever: 1 }', { repeats: '0' })
    assert.equal(found.length, 2, found.join('\n'))
    assert.match(found[0] ?? '', /^s\.yaml:3:\d+: .*none\.ts does not exist; write the path of a deployer module/)
    assert.match(found[1] ?? '', /repeats/)
  })

  test('that was a shipped one, misspelled, is suggested', async () => {
    const found = await problems('{ with: dynmo, backend: dynamo.vllm }')
    assert.match(found.join('\n'), /^s\.yaml:3:\d+: .*did you mean "dynamo"/)
  })
})
