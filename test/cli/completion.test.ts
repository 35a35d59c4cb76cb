import assert from 'node:assert/strict'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { execa } from 'execa'
import fc from 'fast-check'
import { commandList } from '../../src/cli/command-list.ts'
import { programFor } from '../../src/cli/program.ts'
import { allSuggestions } from '../../src/cli/suggested-values.ts'
import { suggestions } from '../../src/cli/suggestions.ts'
import { writtenRun } from '../journal/written-run.ts'
import { noisyRun } from '../render/noisy-run.ts'
import { aggregated } from '../render/synthetic-run.ts'
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

describe('what is on disk', () => {
  const baseline = join(repository, 'results/baseline')
  const values = async (...words: readonly string[]) =>
    (await allSuggestions(await programFor(words), words)).map(({ word }) => word)

  const withRuns = async (...ids: readonly string[]) => {
    const place = await temporaryFolder()
    for (const id of ids) await mkdir(join(place.path, 'nightly', id), { recursive: true })
    return place
  }
  const [first, second] = ['20261123T020000Z-aaaaaa', '20261124T020000Z-bbbbbb'] as const

  test('are the IDs of runs below --out, wherever a command takes a run', async () => {
    await using place = await withRuns(first, second)
    const out = ['--out', place.path]
    for (const words of [['status'], ['report'], ['resume'], ['baseline', 'set'], ['export'], ['overlay'], ['push']])
      assert.deepEqual(await values(...words, ...out, ''), [first, second], words.join(' '))
    assert.deepEqual(await values('compare', `--out=${place.path}`, ''), ['baseline', first, second])
    assert.deepEqual(await values('compare', ...out, first, second, '20261124'), [second])
    assert.deepEqual(await values('overlay', ...out, first, '20261123'), [first])
  })

  test('are the sweeps that have runs', async () => {
    await using place = await temporaryFolder()
    const options = {
      sweep: 'nightly',
      workloads: [[1000, 1000] as const],
      topologies: [aggregated(2)],
      concurrencies: [4],
    }
    await writtenRun(noisyRun(options, { seed: 1 }), place.path, new Date(Date.UTC(2026, 0, 1)))
    assert.deepEqual(await values('history', '--out', place.path, ''), ['nightly'])
    assert.deepEqual(await values('baseline', 'show', '--out', place.path, 'n'), ['nightly'])
  })

  test('are the points of a sweep file, and of a run', async () => {
    const ofFile = await values('run', 'sweeps/quick.yaml', '--only', '')
    assert.ok(ofFile.length > 10 && ofFile.every(id => /^[0-9a-f]{12}$/.test(id)), ofFile.join(' '))
    const [id = ''] = ofFile
    assert.deepEqual(await values('run', 'sweeps/quick.yaml', '--only', id.slice(0, 8)), [id])
    const ofRun = await values('tune', join(baseline, 'quick'), '--point', '')
    assert.ok(ofRun.length > 0 && new Set(ofRun).size === ofRun.length)
  })

  test('are the variants of a sweep file beside its points', async () => {
    assert.ok((await values('run', 'sweeps/variants.yaml', '--only', '')).some(word => !/^[0-9a-f]{12}$/.test(word)))
  })

  test('is left to the shell once a path is typed, and where a file is wrong', async () => {
    assert.deepEqual(await values('status', 'results/'), [])
    assert.deepEqual(await values('run', ''), [])
    assert.deepEqual(await values('run', 'no-such-file.yaml', '--only', ''), [])
    assert.deepEqual(await values('tune', 'no-such-run', '--point', ''), [])
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

  test('completes the IDs of runs in bash, and files once a path is typed', async () => {
    await using place = await temporaryFolder()
    const program = join(place.path, 'fulcrum')
    await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${join(repository, 'bin/fulcrum.js')}' "$@"\n`)
    await chmod(program, 0o755)
    await mkdir(join(place.path, 'results/nightly/20261124T020000Z-bbbbbb'), { recursive: true })
    const { stdout: script } = await fulcrum(['completion', 'bash'])
    const { stdout } = await execa(
      'bash',
      [
        '-c',
        `${script}
        COMP_WORDS=(fulcrum status 2026); COMP_CWORD=2; _fulcrum; echo "\${COMPREPLY[*]}"
        COMP_WORDS=(fulcrum status results/); COMP_CWORD=2; _fulcrum; echo "\${#COMPREPLY[@]}"
        complete -p fulcrum`,
      ],
      { cwd: place.path, env: { PATH: `${place.path}:${process.env.PATH}` } },
    )
    assert.deepEqual(stdout.split('\n'), ['20261124T020000Z-bbbbbb', '0', 'complete -o default -F _fulcrum fulcrum'])
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
