import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { execa } from 'execa'
import { statOf } from '../../src/process/proc.ts'
import { repository, temporaryFolder } from '../cli/fulcrum.ts'

/** vLLM's client; `npm run systems` puts it there. */
const vllmRs = join(repository, '.systems/vllm-rs/vllm-rs')
const noVllmRs = existsSync(vllmRs) ? false : 'there is no vllm-rs under .systems; npm run systems'

describe('the example plug-ins, outside the repository with the packed package', { timeout: 900_000 }, () => {
  const cleanup = new AsyncDisposableStack()
  let folder = ''
  // The machine's own npm and Node, as a user has them.
  const PATH = (process.env.PATH ?? '')
    .split(':')
    .filter(part => !part.includes('node_modules'))
    .join(':')
  const options = () => ({
    cwd: folder,
    env: { PATH, FULCRUM_STATE_DIR: join(folder, 'state'), XDG_CACHE_HOME: join(folder, 'cache') },
    timeout: 300_000,
  })
  const fulcrum = (...args: string[]) =>
    execa('npx', ['--no-install', 'fulcrum', ...args], { ...options(), reject: false })

  before(async () => {
    folder = cleanup.use(await temporaryFolder()).path
    await execa('npm', ['pack', '--pack-destination', folder], { ...options(), cwd: repository })
    const tarball = (await readdir(folder)).find(name => name.endsWith('.tgz')) ?? ''
    await execa('npm', ['init', '-y'], options())
    await execa('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `./${tarball}`], options())
    await cp(join(repository, 'examples/plugins'), join(folder, 'plugins'), { recursive: true })
    await cp(join(repository, 'test/examples/fixtures/vllm'), join(folder, 'vllm.mjs'))
  })
  after(async () => {
    if (folder !== '') await fulcrum('leftovers', '--end')
    await cleanup.disposeAsync()
  })

  test('vllm-bench is validated and previewed, and its mistakes are told with their place', async () => {
    const file = 'plugins/vllm-bench/sweep.yaml'
    const validated = await fulcrum('validate', file)
    assert.equal(validated.exitCode, 0, validated.stderr)
    assert.equal((await fulcrum('run', file, '--dry-run')).exitCode, 0)
    const text = await readFile(join(folder, file), 'utf8')
    await writeFile(join(folder, 'plugins/vllm-bench/wrong.yaml'), text.replace('args: [', 'arg: ['))
    const wrong = await fulcrum('validate', 'plugins/vllm-bench/wrong.yaml')
    assert.equal(wrong.exitCode, 2)
    assert.match(wrong.stderr, /wrong\.yaml:\d+:\d+: unknown key "arg" in generator; did you mean "args"\?/)
  })

  test('vllm-bench measures a sweep with the real vllm-rs', { skip: noVllmRs }, async () => {
    const file = 'plugins/vllm-bench/sweep.yaml'
    const text = await readFile(join(folder, file), 'utf8')
    await writeFile(
      join(folder, 'plugins/vllm-bench/real.yaml'),
      text.replace('command: vllm-rs', `command: ${vllmRs}`),
    )
    const doctor = await fulcrum('doctor', 'plugins/vllm-bench/real.yaml')
    assert.match(doctor.stdout, /ok +vllm-rs: 0\.33/)
    const ran = await fulcrum('run', 'plugins/vllm-bench/real.yaml', '--json')
    const outcome = JSON.parse(ran.stdout.split('\n').at(-1) ?? '') as { folder: string; points: { missing: number } }
    assert.equal(outcome.points.missing, 0, ran.stderr)
    const { stdout: csv } = await fulcrum('export', outcome.folder, '--format', 'csv')
    const cells = parse<{ readonly [column: string]: string }>(csv, { columns: true })
    assert.equal(cells.length, 4)
    for (const cell of cells) {
      assert.deepEqual([cell.generator, cell.window, cell.status], ['vllm-bench-plugin 0.33.0', 'whole', 'ok'], csv)
      assert.ok(Number(cell.ttft_p50_ms) > 0 && Number(cell.itl_p50_ms) > 0, csv)
    }
  })

  test('vllm-bench tells a program that is not there', async () => {
    const file = 'plugins/vllm-bench/sweep.yaml'
    const text = await readFile(join(folder, file), 'utf8')
    await writeFile(
      join(folder, 'plugins/vllm-bench/none.yaml'),
      text.replace('command: vllm-rs', 'command: no-vllm-rs'),
    )
    const doctor = await fulcrum('doctor', 'plugins/vllm-bench/none.yaml')
    assert.match(doctor.stdout, /vllm-rs: no-vllm-rs does not run/)
    assert.match(doctor.stdout, /pip download --no-deps\s+vllm==0\.33\.0/)
    const ran = await fulcrum('run', 'plugins/vllm-bench/none.yaml')
    assert.equal(ran.exitCode, 3, ran.stderr)
  })

  /** A sweep beside the example's with the stand-in for vLLM; its name from the folder. */
  async function serveSweep(name: string, ...changes: readonly (readonly [string, string])[]): Promise<string> {
    let text = await readFile(join(folder, 'plugins/vllm-serve/sweep.yaml'), 'utf8')
    for (const [from, to] of [['program: vllm', 'program: ../../vllm.mjs'] as const, ...changes]) {
      assert.ok(text.includes(from), from)
      text = text.replace(from, to)
    }
    await writeFile(join(folder, `plugins/vllm-serve/${name}.yaml`), text)
    return `plugins/vllm-serve/${name}.yaml`
  }
  const onePoint = [
    ['max_num_seqs: [64, 128]', 'max_num_seqs: 64'],
    ['concurrency: [1, 8], requests: 10x', 'concurrency: [1], requests: 20'],
  ] as const

  test('mistakes in a section of vllm-serve are told with their place', async () => {
    const unknown = await fulcrum('validate', await serveSweep('unknown', ['args:', 'arg:']))
    assert.equal(unknown.exitCode, 2)
    assert.match(unknown.stderr, /unknown\.yaml:10:3: unknown key "arg" in deploy; did you mean "args"\?/)
    const port = await fulcrum('validate', await serveSweep('port', ['args:', 'port: 99999\n  args:']))
    assert.equal(port.exitCode, 2)
    assert.match(port.stderr, /port\.yaml:10:9: .*write a port/)
    const split = await fulcrum('validate', await serveSweep('split', ['[agg x1]', '[1P1D]']))
    assert.equal(split.exitCode, 2)
    assert.match(split.stderr, /split\.yaml:11:13: .*plain vLLM has no router.*write agg x1/)
  })

  test('a dry run of vllm-serve prints its commands and starts nothing', async () => {
    const { stdout, exitCode } = await fulcrum('run', await serveSweep('dry'), '--dry-run')
    assert.equal(exitCode, 0)
    assert.match(stdout, /vllm\.mjs serve nvidia\/DeepSeek-R1-FP4 .*--port '?<free port>'? .*--max-num-seqs 64/)
    assert.match(stdout, /kill -TERM -- '?-<process group of vllm>'?/)
    assert.equal((await fulcrum('leftovers')).stdout.includes('vllm'), false)
  })

  test('doctor asks the checks of vllm-serve', async () => {
    const works = await fulcrum('doctor', await serveSweep('works'))
    assert.match(works.stdout, /ok +.*vllm: 0\.0\.0-stand-in \(/)
    const missing = await fulcrum('doctor', await serveSweep('missing', ['../../vllm.mjs', 'no-such-vllm']))
    assert.match(missing.stdout, /FAIL .*vllm: no-such-vllm does not run/)
    assert.match(missing.stdout, /pip install vllm/)
    assert.notEqual(missing.exitCode, 0)
  })

  test('vllm-serve measures a sweep to its report', async () => {
    const ran = await fulcrum('run', await serveSweep('measured', ...onePoint), '--json')
    const outcome = JSON.parse(ran.stdout.split('\n').at(-1) ?? '') as {
      readonly points: { readonly missing: number; readonly failed: number }
      readonly report: { readonly folder: string; readonly files: readonly string[] }
    }
    assert.deepEqual([outcome.points.missing, outcome.points.failed], [0, 0], ran.stderr)
    const page = outcome.report.files.find(file => file.endsWith('index.html')) ?? ''
    assert.match(await readFile(join(outcome.report.folder, page.split('/').at(-1) ?? ''), 'utf8'), /vllm-serve/)
    assert.equal((await fulcrum('leftovers')).stdout.includes('vllm'), false)
  })

  test('after kill -9, the next run names the server of vllm-serve and ends it when told to', async () => {
    const long = await serveSweep('long', onePoint[0], ['requests: 10x', 'duration: 600s'], ['[1, 8]', '[1]'])
    const { cwd, env } = options()
    const run = spawn(join(folder, 'node_modules/.bin/fulcrum'), ['run', long, '--json'], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(run, 'exit')
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: run.stdout }).on('line', line => line.includes('"step":"measuring"') && resolve())
      ended.then(() => reject(new Error('the run ended before it measured')), reject)
    })
    run.kill('SIGKILL')
    await ended

    const listed = await fulcrum('leftovers')
    const pid = Number(/(\d+) +vllm\b/.exec(listed.stdout)?.[1])
    assert.ok(pid > 1, listed.stdout)
    assert.equal(await isAlive(pid), true)
    const next = await fulcrum('run', await serveSweep('next', ...onePoint), '--end-leftovers')
    assert.match(next.stderr, /A killed Fulcrum left these processes running/)
    assert.match(next.stderr, new RegExp(`${pid} +vllm +.*vllm.mjs serve nvidia/DeepSeek-R1-FP4`))
    assert.match(next.stderr, /Ended/)
    assert.equal(await isAlive(pid), false)
  })
})

/** An orphan that has ended keeps its number until the machine's first process collects it, which may take a while. */
async function isAlive(pid: number): Promise<boolean> {
  return (await statOf(pid)) !== null
}
