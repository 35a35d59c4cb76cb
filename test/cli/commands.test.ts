import assert from 'node:assert/strict'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

const commands = [
  'init',
  'validate',
  'plan',
  'run',
  'resume',
  'status',
  'report',
  'export',
  'doctor',
  'leftovers',
  'compare',
  'crosscheck',
  'history',
  'baseline',
  'import',
  'serve',
  'tune',
]

describe('help', () => {
  for (const command of commands) {
    test(`fulcrum ${command} --help shows examples and --json, and exits with 0`, async () => {
      const { stdout, exitCode } = await fulcrum([command, '--help'])
      assert.equal(exitCode, 0)
      assert.match(stdout, /Examples:\n {2}\$ fulcrum /)
      assert.match(stdout, /--json/)
    })
  }

  test('fulcrum --help documents the exit codes', async () => {
    const { stdout, exitCode } = await fulcrum(['--help'])
    assert.equal(exitCode, 0)
    assert.match(
      stdout,
      /0 +success\n +1 +points failed or are invalid.*\n +2 +bad input\n +3 +the environment.*\n +130 +interrupted/,
    )
  })
})

describe("a user's mistake", () => {
  const mistakes: readonly [string, readonly string[], RegExp][] = [
    ['an unknown command', ['runn', 'x.yaml'], /Did you mean run\?/],
    ['an unknown option', ['run', '--otu', 'x'], /unknown option '--otu'/],
    ['a missing file argument', ['plan'], /missing required argument 'file'/],
    ['a file that is not there', ['run', 'nowhere.yaml'], /nowhere\.yaml: the sweep file does not exist/],
    ['a point that is not in the plan', ['run', 'sweeps/quick.yaml', '--only', 'nope'], /Unknown point nope/],
    ['a folder that is no run', ['report', '/'], /fulcrum: /],
    ['a results folder without runs', ['status', '--out', '/nonexistent'], /No runs in \/nonexistent/],
    ['an unknown template', ['init', 'x.yaml', '--template', 'nope'], /Use one of: .*quick/],
    [
      'an unknown export format',
      ['export', '--format', 'xml'],
      /Allowed choices are csv, json, openmetrics, parquet, genai-perf, aiperf/,
    ],
  ]
  for (const [what, args, says] of mistakes) {
    test(`${what} is answered with one message, exit code 2 and no stack trace`, async () => {
      const { stderr, exitCode } = await fulcrum(args)
      assert.equal(exitCode, 2, stderr)
      assert.match(stderr, says)
      assert.doesNotMatch(stderr, /\n {4}at /)
    })
  }

  test('with --json the message is one JSON object on stdout', async () => {
    const { stdout, exitCode } = await fulcrum(['plan', 'nowhere.yaml', '--json'])
    assert.equal(exitCode, 2)
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } }
    assert.equal(error.code, 'sweep-file-not-found')
  })

  test('a mistake in a sweep file is answered with file, line and column, and nothing is made', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'wrong.yaml')
    const text = await readFile(join(import.meta.dirname, '../../sweeps/quick.yaml'), 'utf8')
    await writeFile(file, text.replace('concurrency:', 'concurency:'))
    const { stderr, exitCode } = await fulcrum(['run', file, '--out', join(folder.path, 'results')])
    assert.equal(exitCode, 2)
    assert.match(stderr, /wrong\.yaml:\d+:\d+: .*concurency.*concurrency/s)
    await assert.rejects(readFile(join(folder.path, 'results')), { code: 'ENOENT' })
  })
})

describe('init', () => {
  test('writes a sweep file that validates, and never overwrites one', async () => {
    await using folder = await temporaryFolder()
    const first = await fulcrum(['init', 'mine.yaml'], { cwd: folder.path })
    assert.equal(first.exitCode, 0)
    assert.equal((await fulcrum(['validate', 'mine.yaml'], { cwd: folder.path })).exitCode, 0)
    await writeFile(join(folder.path, 'mine.yaml'), 'precious')
    assert.equal((await fulcrum(['init', 'mine.yaml'], { cwd: folder.path })).exitCode, 2)
    assert.equal(await readFile(join(folder.path, 'mine.yaml'), 'utf8'), 'precious')
  })

  test('writes the files that a template names beside it, and overwrites none of them either', async () => {
    await using folder = await temporaryFolder()
    const init = (file: string) => fulcrum(['init', file, '--template', 'kubernetes'], { cwd: folder.path })
    const { stdout, exitCode } = await init('mine.yaml')
    assert.equal(exitCode, 0)
    assert.match(stdout, /Wrote .*mine\.yaml\nWrote .*kubernetes\/deepseek-r1\.yaml\nNext: /)
    assert.equal((await fulcrum(['validate', 'mine.yaml'], { cwd: folder.path })).exitCode, 0)
    assert.equal((await init('another.yaml')).exitCode, 0)
    await writeFile(join(folder.path, 'kubernetes/deepseek-r1.yaml'), 'precious')
    const refused = await init('third.yaml')
    assert.equal(refused.exitCode, 2)
    assert.match(refused.stderr, /deepseek-r1\.yaml already exists and was not changed/)
    await assert.rejects(readFile(join(folder.path, 'third.yaml')), { code: 'ENOENT' })
  })
})

describe('plan and dry run', () => {
  test('plan prints deployments, worker starts and time', async () => {
    const { stdout, exitCode } = await fulcrum(['plan', 'sweeps/quick.yaml'])
    assert.equal(exitCode, 0)
    assert.match(stdout, /24 points over 3 deployments/)
    assert.match(stdout, /worker starts: \d+ \(the fewest possible; nested loops: \d+\)/)
  })

  test('plan --json is one JSON object with every point', async () => {
    const { stdout } = await fulcrum(['plan', 'sweeps/quick.yaml', '--json'])
    const plan = JSON.parse(stdout) as { deployments: { points: { id: string }[] }[] }
    const ids = plan.deployments.flatMap(({ points }) => points.map(({ id }) => id))
    assert.equal(ids.length, 24)
    assert.equal(new Set(ids).size, 24)
  })

  test('run --dry-run prints the exact commands and starts nothing', async () => {
    await using folder = await temporaryFolder()
    const { stdout, exitCode } = await fulcrum(['run', 'sweeps/dynamo-mocker.yaml', '--dry-run', '--out', folder.path])
    assert.equal(exitCode, 0)
    assert.match(stdout, /-m dynamo\.frontend/)
    assert.match(stdout, /-m dynamo\.mocker .*--disaggregation-mode prefill/)
    assert.match(stdout, /nats-server/)
    const { stdout: leftovers } = await fulcrum(['leftovers', '--json'])
    assert.deepEqual(JSON.parse(leftovers).leftovers, [])
  })

  test('crosscheck and tune print what they would start as run does', async () => {
    for (const args of [
      ['crosscheck', 'sweeps/quick.yaml', '--point', '9'],
      ['tune', 'sweeps/quick.yaml'],
    ]) {
      const { stdout, exitCode } = await fulcrum([...args, '--dry-run'])
      assert.equal(exitCode, 0)
      assert.match(stdout, /## 1P1D \(\d+ points?\)/)
    }
  })

  test('resume --dry-run prints only what is still to measure', async () => {
    const { stdout, exitCode } = await fulcrum(['resume', 'results/baseline/quick', '--dry-run', '--json'])
    assert.equal(exitCode, 0)
    assert.deepEqual(JSON.parse(stdout), [])
    const told = await fulcrum(['resume', 'results/baseline/quick', '--dry-run'])
    assert.equal(told.stdout, 'Nothing to measure, so nothing would be started.')
  })

  test('resume of a complete run measures nothing, starts nothing, and leaves the journal as it is', async () => {
    await using folder = await temporaryFolder()
    const run = join(folder.path, 'quick')
    await cp(join(repository, 'results/baseline/quick'), run, { recursive: true })
    const before = await readFile(join(run, 'journal.jsonl'), 'utf8')
    const { stdout, stderr, exitCode } = await fulcrum(['resume', run])
    assert.deepEqual([exitCode, stderr], [0, ''])
    assert.match(stdout, /^Nothing to measure: the run is complete \(\d+ ok of \d+ points\)\.\nto do: /)
    assert.equal(await readFile(join(run, 'journal.jsonl'), 'utf8'), before)
  })

  test('a run that was checked in elsewhere is never the newest', async () => {
    await using folder = await temporaryFolder()
    const baseline = 'results/baseline'
    await cp(join(repository, baseline), join(folder.path, baseline), { recursive: true })
    for (const args of [['baseline', 'set'], ['baseline', 'show'], ['history'], ['report'], ['resume']]) {
      const { stderr, exitCode } = await fulcrum(args, { cwd: folder.path })
      assert.deepEqual([exitCode, /No (unfinished )?runs? in/.test(stderr)], [2, true], `${args.join(' ')}: ${stderr}`)
    }
  })

  test('resume --again takes the statuses that can be measured again, and names them when it is given another', async () => {
    const { stdout, exitCode } = await fulcrum(['resume', 'results/baseline/quick', '--again', 'failed', '--dry-run'])
    assert.deepEqual([exitCode, /point/.test(stdout)], [0, false])
    const wrong = await fulcrum(['resume', 'results/baseline/quick', '--again', 'ok', '--dry-run'])
    assert.equal(wrong.exitCode, 2)
    assert.match(wrong.stderr, /failed, invalid/)
  })
})
