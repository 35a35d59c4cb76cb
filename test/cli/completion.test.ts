import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { execa } from 'execa'
import fc from 'fast-check'
import { commandList } from '../../src/cli/command-list.ts'
import { programFor } from '../../src/cli/program.ts'
import { suggestions } from '../../src/cli/suggestions.ts'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

const suggested = async (...words: readonly string[]) =>
  suggestions(await programFor(words), words).map(({ word }) => word)

const visible = commandList.filter(({ hidden }) => hidden !== true).map(({ name }) => name)

describe('what can follow on a command line', () => {
  test('is at first every command that --help lists', async () => {
    assert.deepEqual(
      (await suggested('')).filter(word => word !== 'help'),
      visible,
    )
  })

  test('are the commands that begin with what is typed', async () => {
    assert.deepEqual(await suggested('re'), ['resume', 'report'])
  })

  test('are the options of the command, after a dash', async () => {
    const words = await suggested('run', 'sweep.yaml', '--a')
    assert.deepEqual(words, ['--allow-points', '--allow-lost'])
  })

  test('are the subcommands of a command that has some', async () => {
    assert.deepEqual(
      (await suggested('baseline', '')).filter(word => word !== 'help'),
      ['set', 'show'],
    )
  })

  test('are the choices of an option or an argument', async () => {
    assert.deepEqual(await suggested('export', '--format', 'p'), ['parquet'])
    assert.deepEqual(await suggested('completion', ''), ['bash', 'zsh', 'fish'])
  })

  test('is nothing where a file or a free text is expected, so that the shell completes files', async () => {
    for (const words of [
      ['run', ''],
      ['run', '--out', ''],
      ['status', 'results/'],
      ['completion', 'bash', ''],
    ])
      assert.deepEqual(await suggested(...words), [], words.join(' '))
  })

  test('leaves out what is hidden', async () => {
    assert.deepEqual(await suggested('shar'), [])
    assert.ok(!(await suggested('capacity', 'f.yaml', '--r')).includes('--run'))
  })

  test('always begins with what is typed, whatever the words are', async () => {
    const word = fc.oneof(fc.string(), fc.constantFrom(...visible, '--out', '--format', '--', '-', 'set', '--help'))
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 4 }), async words => {
        for (const found of await suggested(...words)) assert.ok(found.startsWith(words.at(-1) ?? ''))
      }),
      { numRuns: 50 },
    )
  })
})

describe('fulcrum completion', () => {
  test('prints a script that bash completes commands with, and never runs what was typed', async () => {
    await using place = await temporaryFolder()
    const program = join(place.path, 'fulcrum')
    await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${join(repository, 'bin/fulcrum.js')}' "$@"\n`)
    await chmod(program, 0o755)
    const { stdout: script } = await fulcrum(['completion', 'bash'])
    const typed = `$(touch ${join(place.path, 'ran')})`
    const { stdout } = await execa(
      'bash',
      [
        '-c',
        `${script}
        COMP_WORDS=(fulcrum re); COMP_CWORD=1; _fulcrum; echo "\${COMPREPLY[*]}"
        COMP_WORDS=(fulcrum run "$1" --dry); COMP_CWORD=3; _fulcrum; echo "\${COMPREPLY[*]}"
        COMP_WORDS=(fulcrum run ''); COMP_CWORD=2; _fulcrum; echo "\${#COMPREPLY[@]}"
        ls "$2"`,
        'bash',
        typed,
        place.path,
      ],
      { env: { PATH: `${place.path}:${process.env.PATH}` } },
    )
    assert.deepEqual(stdout.split('\n'), ['resume report', '--dry-run', '0', 'fulcrum'])
  })

  test('knows bash, zsh and fish, and refuses another shell with exit code 2', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) assert.equal((await fulcrum(['completion', shell])).exitCode, 0)
    const { stderr, exitCode } = await fulcrum(['completion', 'tcsh'])
    assert.equal(exitCode, 2)
    assert.match(stderr, /Allowed choices are bash, zsh, fish/)
  })

  for (const shell of ['zsh', 'fish'])
    test(`prints a script that ${shell} can parse`, async context => {
      await using place = await temporaryFolder()
      const file = join(place.path, 'script')
      await writeFile(file, (await fulcrum(['completion', shell])).stdout)
      const { exitCode, stderr, code } = await execa(shell, ['-n', file], { reject: false })
      if (code === 'ENOENT') context.skip(`${shell} is not installed`)
      else assert.deepEqual([exitCode, stderr], [0, ''])
    })
})
