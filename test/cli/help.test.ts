import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { commandHelps } from '../../scripts/reference/command-line.ts'
import { commandList } from '../../src/cli/command-list.ts'
import { templates } from '../../src/cli/commands/init.ts'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

const helps = await commandHelps()

/** A command's usage, description, arguments and options; what it prints after them is by hand. */
const listed = (help: string) => help.split('\nExamples:')[0] ?? ''

describe('--help', () => {
  test('of every command has an example that names the command', () => {
    for (const { name, help } of helps) {
      if (name === 'fulcrum twin') continue
      assert.ok(help.split('\nExamples:')[1]?.includes(`$ ${name.split(' ', 2).join(' ')} `) ?? false, name)
    }
  })

  test('describes each command by an imperative without a period', () => {
    for (const { name, help } of helps.slice(1)) {
      const [, description = ''] = listed(help).split('\n\n')
      assert.match(description, /^[A-Z][a-z]+ /, name)
      assert.doesNotMatch(description, /\.$/, name)
    }
  })

  test('describes every argument and option in words that begin with a capital', () => {
    for (const { name, help } of helps) {
      const [, described = ''] = listed(help).split(/\n(?:Arguments|Options):\n/)
      for (const [, text = ''] of described.matchAll(/^ {2}\S.*? {2,}(\S.*)$/gm))
        assert.match(text, /^[A-Z]/, `${name}: ${text}`)
    }
  })

  test('prints no default as JSON', () => {
    for (const { name, help } of helps) assert.doesNotMatch(help, /default: [[{]/, name)
  })

  test('fits 80 columns but for examples', () => {
    for (const { name, help } of helps)
      for (const line of help.split('\n'))
        if (!line.startsWith('  $ ') && !/^ {2}\w[\w-]* +\S.*--to/.test(line))
          assert.ok(line.length <= 80, `${name}: ${line}`)
  })

  test('lists every command that is not hidden, in its order', () => {
    const names = commandList.filter(({ hidden }) => hidden !== true).map(({ name }) => name)
    const own = helps.map(({ name }) => name.split(' ')[1]).filter(name => name !== undefined)
    assert.deepEqual([...new Set(own)], names)
  })

  test('of init names every sweep file that it can write', async () => {
    const files = (await readdir(join(repository, 'sweeps'))).filter(file => file.endsWith('.yaml'))
    // What the pictures of the documentation are made from.
    const names = files.map(file => file.replace('.yaml', '')).filter(name => name !== 'pictures')
    assert.deepEqual([...templates].sort(), names.sort())
  })

  test('is also what `fulcrum help COMMAND` prints', async () => {
    const [asked, said] = await Promise.all([fulcrum(['plan', '--help']), fulcrum(['help', 'plan'])])
    assert.equal(said.stdout, asked.stdout)
  })
})

describe('arguments and --out', () => {
  test('every command that reads or writes runs takes --out', () => {
    const without = helps.filter(({ help }) => help.includes('Folder of a run') && !help.includes('--out <dir>'))
    assert.deepEqual(without, [])
  })

  test('capacity takes its run as an argument, and warns of --run', async () => {
    await using place = await temporaryFolder()
    const { stderr, exitCode } = await fulcrum(['capacity', join(place.path, 'no.yaml'), '--run', 'results/baseline'])
    assert.match(stderr, /^warning: --run DIR is deprecated .*use fulcrum capacity FILE RUN$/m)
    assert.equal(exitCode, 2)
  })

  test('a mistyped command is answered with the one that was meant, and exit code 2', async () => {
    const { stderr, exitCode } = await fulcrum(['valdate', 'x.yaml'])
    assert.match(stderr, /unknown command 'valdate'\n\(Did you mean validate\?\)/)
    assert.equal(exitCode, 2)
  })
})
