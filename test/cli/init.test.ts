import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { execa } from 'execa'
import { backends, templates } from '../../src/cli/commands/init.ts'
import { initTemplates } from '../../src/spec/templates.ts'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

/** Keys for each question that comes, in order; a question is answered when it is seen. */
async function inTerminal(cwd: string, answers: readonly (readonly [question: string, keys: string])[]) {
  const command = `stty cols 100 rows 40; exec '${process.execPath}' '${join(repository, 'bin/fulcrum.js')}' init own.yaml`
  const running = execa('script', ['-qec', command, '/dev/null'], { cwd, reject: false, timeout: 60_000 })
  const left = [...answers]
  let seen = ''
  running.stdout.on('data', chunk => {
    seen += stripVTControlCharacters(String(chunk))
    const [next] = left
    if (next === undefined || !seen.includes(next[0])) return
    left.shift()
    seen = ''
    running.stdin.write(next[1])
  })
  const { exitCode, stdout } = await running
  return { exitCode, said: stripVTControlCharacters(stdout), unasked: left.map(([question]) => question) }
}

const enter = '\r'
const down = '\u001b[B'

describe('fulcrum init in a terminal', () => {
  test('asks for backend, GPUs, workloads and SLO, and writes a sweep that validates', async context => {
    if ((await execa('script', ['--version'], { reject: false })).code === 'ENOENT') return context.skip('no script')
    await using place = await temporaryFolder()
    const { exitCode, said, unasked } = await inTerminal(place.path, [
      ['What serves the model?', down + down + enter],
      ['Model name', enter],
      ['GPUs', `4${enter}`],
      ['GPUs of each worker', `2${enter}`],
      ['Workloads', `8000/256${enter}`],
      ['TTFT p95', `1500${enter}`],
      ['ITL p95', `0${enter}`],
    ])
    assert.deepEqual([exitCode, unasked], [0, []], said)
    const text = await readFile(join(place.path, 'own.yaml'), 'utf8')
    assert.match(text, /init own\.yaml --backend vllm .*--gpus 4 --gpus-per-worker 2 --isl 8000 --osl 256 --slo 'ttft/)
    const { exitCode: validated, stderr } = await fulcrum(['validate', join(place.path, 'own.yaml')])
    assert.equal(validated, 0, stderr)
  })

  test('writes nothing when left with Ctrl-C', async context => {
    if ((await execa('script', ['--version'], { reject: false })).code === 'ENOENT') return context.skip('no script')
    await using place = await temporaryFolder()
    const { exitCode } = await inTerminal(place.path, [['What serves the model?', '\u0003']])
    assert.equal(exitCode, 130)
    await assert.rejects(readFile(join(place.path, 'own.yaml')), { code: 'ENOENT' })
  })
})

describe('fulcrum init', () => {
  test('never asks without a terminal: it writes the template quick', async () => {
    await using place = await temporaryFolder()
    const { exitCode, stdout } = await fulcrum(['init', 'own.yaml'], { cwd: place.path })
    assert.deepEqual(
      [exitCode, stdout.split('\n').at(-1)],
      [0, 'Next: fulcrum plan own.yaml, then fulcrum run own.yaml'],
    )
    assert.match(await readFile(join(place.path, 'own.yaml'), 'utf8'), /^name: quick$/m)
  })

  for (const backend of Object.keys(backends))
    test(`writes by flags what validates: ${backend}`, async () => {
      await using place = await temporaryFolder()
      const flags = ['--backend', backend, '--gpus', '8', '--isl', '8000', '--osl', '256', '--slo', 'itl_p95_ms=25']
      const { exitCode, stderr } = await fulcrum(['init', 'own.yaml', ...flags], { cwd: place.path })
      assert.equal(exitCode, 0, stderr)
      const validated = await fulcrum(['validate', 'own.yaml'], { cwd: place.path })
      assert.equal(validated.exitCode, 0, validated.stderr)
    })

  test('lists every template with what it is for', async () => {
    const { stdout } = await fulcrum(['init', '--list'])
    for (const name of templates) assert.match(stdout, new RegExp(`^${name} +[A-Za-z].{10}`, 'm'))
    assert.deepEqual([...templates].sort(), Object.keys(initTemplates()).sort())
    assert.ok(stdout.split('\n').every(line => line.length <= 80))
  })

  test('refuses flags that go nowhere, and answers that make no sweep', async () => {
    await using place = await temporaryFolder()
    const mistakes = [
      [['--gpus', '4'], /--gpus needs --backend NAME/],
      [['--backend', 'vllm', '--template', 'quick'], /--template and --backend/],
      [['--backend', 'vllm', '--isl', '8'], /1 --isl and 0 --osl/],
      [['--backend', 'vllm', '--slo', 'ttft_p95_ms=fast'], /Invalid objective 'ttft_p95_ms=fast' in --slo/],
      [['--backend', 'vllm', '--slo', 'ttft=5'], /unknown key 'ttft'|ttft/],
      [['--backend', 'vllm', '--model', 'Other/Model-7B'], /no tokenizer/],
      [['--backend', 'tgi'], /Allowed choices are simulated, mocker/],
    ] as const
    for (const [flags, said] of mistakes) {
      const { exitCode, stderr } = await fulcrum(['init', 'own.yaml', ...flags], { cwd: place.path })
      assert.equal(exitCode, 2, flags.join(' '))
      assert.match(stderr, said)
    }
    await assert.rejects(readFile(join(place.path, 'own.yaml')), { code: 'ENOENT' })
  })
})
