import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { execa } from 'execa'
import { onePoint } from '../../bench/one-point.ts'
import { commandList } from '../../src/cli/command-list.ts'
import { repository, temporaryFolder } from './fulcrum.ts'

/** The modules that `fulcrum ARGS` loads, as paths; packages by their name. */
async function loadedBy(...args: readonly string[]): Promise<readonly string[]> {
  await using folder = await temporaryFolder()
  const list = join(folder.path, 'modules')
  const hook = join(import.meta.dirname, 'loaded-modules.mjs')
  const { exitCode } = await execa(process.execPath, ['--import', hook, join(repository, 'bin/fulcrum.js'), ...args], {
    cwd: repository,
    env: { FULCRUM_LOADED_MODULES: list },
    reject: false,
  })
  // 1: a busy machine made a point invalid.
  assert.ok(exitCode === 0 || (args[0] === 'run' && exitCode === 1), `exit code ${exitCode}`)
  return (await readFile(list, 'utf8')).split('\n')
}

/** Packages that take longest to load; only what draws, counts tokens or talks to a cluster needs them. */
const heavy = ['vega', 'vega-lite', '@kubernetes/client-node', '@huggingface/tokenizers', 'hyparquet-writer', 'undici']

const heavyIn = (modules: readonly string[], packages: readonly string[] = heavy) =>
  packages.filter(name => modules.some(module => module.includes(`/node_modules/${name}/`)))

describe('start-up', () => {
  test('--version loads commander and little else', async () => {
    const modules = await loadedBy('--version')
    assert.deepEqual(heavyIn(modules, [...heavy, 'zod', 'yaml', 'execa']), [])
    assert.ok(modules.length <= 25, `${modules.length} modules: ${modules.join(' ')}`)
  })

  test('--help lists every command without loading any', async () => {
    const modules = await loadedBy('--help')
    assert.deepEqual(
      modules.filter(module => module.includes('/src/commands/') || module.includes('/src/cli/commands/')),
      [],
    )
  })

  test('the help of a command does not load what the command does', async () => {
    for (const { name } of commandList) {
      const modules = await loadedBy(name, '--help')
      assert.deepEqual(heavyIn(modules, [...heavy, 'zod', 'yaml', 'execa']), [], name)
    }
  })

  test('validate loads nothing that draws, counts tokens or talks to a cluster', async () => {
    const modules = await loadedBy('validate', 'sweeps/quick.yaml')
    assert.deepEqual(heavyIn(modules), [])
    assert.ok(modules.length <= 740, `${modules.length} modules`)
  })

  test('a run and its report load no hundreds of modules that draw, and nothing that they have no use for', async () => {
    await using folder = await temporaryFolder()
    const sweep = join(folder.path, 'one-point.yaml')
    await writeFile(sweep, onePoint)
    const modules = await loadedBy('run', sweep, '--new', '--out', join(folder.path, 'results'))
    const unused = ['execa', '@kubernetes/client-node', 'hyparquet-writer', 'undici', 'wrap-ansi', 'string-width']
    assert.deepEqual(heavyIn(modules, unused), [])
    // Vega's bundles are scripts with saved code.
    assert.deepEqual(
      modules.filter(module => /\/node_modules\/(vega|d3|topojson)[^/]*\//.test(module)),
      [],
    )
    assert.ok(modules.length <= 1000, `${modules.length} modules`)
  })
})
