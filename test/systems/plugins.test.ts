import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
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
  })
  after(() => cleanup.disposeAsync())

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
    const [head = '', ...rows] = csv.split('\n').map(line => line.split(','))
    const cells = rows.map(row => Object.fromEntries([...head].map((name, i) => [name, row[i] ?? ''])))
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
})
