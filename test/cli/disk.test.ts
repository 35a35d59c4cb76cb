import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, test } from 'node:test'
import { cannotMount, smallDisk } from '../journal/small-disk.ts'
import { fulcrum, repository, temporaryFolder } from './fulcrum.ts'

const fulcrumProgram = join(repository, 'bin/fulcrum.js')
const real = join(repository, 'results/baseline/quick')
/** A folder of runs with that run; those that come with the repository are nobody's history. */
const checkedOut = mkdtempSync(join(tmpdir(), 'fulcrum-disk-results-'))
mkdirSync(join(checkedOut, 'quick'))
cpSync(real, join(checkedOut, 'quick/20261125T015517Z-eaad8b'), { recursive: true })
after(() => rmSync(checkedOut, { recursive: true }))

const sweep = `name: dang
model: { name: mock, tokenizer: builtin:deepseek-v3 }
deploy: { with: attach, url: "http://127.0.0.1:9", gpus: 1, dialect: vllm }
workloads: [100/5]
load: { concurrency: 1, requests: 5, warmup: 0 }
`

describe('a results folder that can’t be used is one sentence and exit code 3:', () => {
  const places: readonly [string, (folder: string) => Promise<string>, RegExp][] = [
    [
      'a link to a volume that isn’t mounted',
      async folder => {
        await symlink('/nowhere/volume', join(folder, 'results'))
        return join(folder, 'results')
      },
      /^fulcrum: Could not create the run folder: .*results is a link to \/nowhere\/volume, which does not exist$/m,
    ],
    [
      '/proc',
      async () => '/proc/fulcrum',
      /^fulcrum: Could not create the run folder: \/proc\/fulcrum can't be made$/m,
    ],
    [
      'a file',
      async folder => {
        await writeFile(join(folder, 'results'), '')
        return join(folder, 'results')
      },
      /^fulcrum: Could not (list the runs|create the run folder): /m,
    ],
  ]
  for (const [what, make, says] of places) {
    test(what, async () => {
      await using folder = await temporaryFolder()
      const file = join(folder.path, 'sweep.yaml')
      await writeFile(file, sweep)
      const { exitCode, stderr } = await fulcrum(['run', file, '--out', await make(folder.path)])
      assert.equal(exitCode, 3, stderr)
      assert.match(stderr, says)
      assert.match(stderr, /to do: /)
      assert.doesNotMatch(stderr, /internal error|defect|\n {4}at /)
    })
  }
})

describe('on a full disk, one sentence, exit code 3 and no file under its final name:', () => {
  const writers: readonly (readonly [string, ...string[]])[] = [
    ['report', real, '--to'],
    ['compare', real, real, '--to'],
    ['capacity', real, '--rps', '20', '--to'],
    ['history', 'quick', '--out', checkedOut, '--to'],
    ['export', real, '--format', 'csv', '--to'],
    ['export', real, '--format', 'parquet', '--to'],
    ['export', real, '--format', 'genai-perf', '--to'],
    ['export', real, '--format', 'aiperf', '--to'],
    ['init'],
  ]
  for (const args of writers) {
    test(`fulcrum ${args.map(arg => (arg === real ? 'RUN' : arg === checkedOut ? 'RESULTS' : arg)).join(' ')}`, async t => {
      await using disk = await smallDisk(8)
      if (disk === null) return t.skip(cannotMount)
      // Folders take no room on a tmpfs, and one page is less than any of these files but the first.
      await writeFile(join(disk.path, 'filler'), 'x'.repeat(8192))
      const { exitCode, stdout, stderr } = await fulcrum([...args, join(disk.path, 'written')])
      assert.equal(exitCode, 3, `${stdout}\n${stderr}`)
      assert.match(stderr, /^fulcrum: Could not write the [a-z ]+: the disk is full\n {2}where: \/.*\n {2}to do: Free/m)
      const left = await readdir(disk.path, { recursive: true, withFileTypes: true })
      assert.deepEqual(
        left.filter(entry => entry.isFile()).map(({ name }) => name),
        ['filler'],
      )
    })
  }
})

describe('output that the disk has no room for is one sentence and exit code 3:', () => {
  for (const args of [
    ['export', real, '--format', 'csv'],
    ['compare', real, real, '--json'],
    ['validate', '--help'],
  ])
    test(`fulcrum ${args[0]}`, async () => {
      const child = spawn('sh', ['-c', 'exec "$@" >/dev/full', 'sh', process.execPath, fulcrumProgram, ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const [said, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')])
      assert.equal(
        said,
        'fulcrum: Could not write the output: the disk is full\n  where: standard output\n  to do: Free some space, then run the command again.\n',
      )
      assert.equal(exitCode, 3)
    })
})

test('a command that reads runs names a link to a volume that isn’t mounted', async () => {
  await using folder = await temporaryFolder()
  await symlink('/nowhere/volume', join(folder.path, 'results'))
  const { exitCode, stderr } = await fulcrum(['history', 'quick', '--out', join(folder.path, 'results')])
  assert.equal(exitCode, 3, stderr)
  assert.match(
    stderr,
    /^fulcrum: Could not list the runs: .*results is a link to \/nowhere\/volume, which does not exist$/m,
  )
  assert.match(stderr, /to do: Make the folder, or mount its volume/)
})

test('a sweep whose disk fills up says so once, counts what it has, and leaves a whole journal and no report', async t => {
  await using disk = await smallDisk(40)
  if (disk === null) return t.skip(cannotMount)
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'sweep.yaml')
  await writeFile(
    file,
    `name: full
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: [agg x1]
workloads: [100/4]
load: { concurrency: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], requests: 3x, warmup: 0 }
`,
  )
  const { exitCode, stdout, stderr } = await fulcrum(['run', file, '--out', disk.path])
  assert.equal(exitCode, 3, stderr)
  assert.match(
    stdout,
    /^ended early after .* ok, .*\d+ missing of 12 points\nbecause: Could not write .*: the disk is full/m,
  )
  assert.match(stdout, /^because: .*Free some space/m)
  assert.doesNotMatch(`${stdout}${stderr}`, /internal error|defect|\n {4}at /)
  const left = await readdir(disk.path, { recursive: true })
  assert.deepEqual(
    left.filter(name => /index\.html|\.tmp$/.test(name)),
    [],
  )
  const journal = await readFile(join(disk.path, left.find(name => name.endsWith('journal.jsonl')) ?? ''), 'utf8')
  assert.ok(journal.endsWith('"}\n'))
})
