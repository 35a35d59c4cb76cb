import assert from 'node:assert/strict'
import { access, cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { repository, temporaryFolder } from '../cli/fulcrum.ts'

// Without node_modules/.bin in front, so that the machine's own Node, npm and npx are the ones that a user has.
const PATH = (process.env.PATH ?? '')
  .split(':')
  .filter(part => !part.includes('node_modules'))
  .join(':')
const quiet = ['--no-audit', '--no-fund', '--prefer-offline'] as const
const described = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as {
  version: string
  optionalDependencies: Record<string, string>
}
const { version } = described
const node = described.optionalDependencies[`node-${process.platform}-${process.arch}`]

const optionsIn = (folder: string) => ({
  cwd: folder,
  // npm test hands its own settings on, such as the folder of the checkout.
  env: {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
    PATH,
    FULCRUM_STATE_DIR: join(folder, 'state'),
    XDG_CACHE_HOME: join(folder, 'cache'),
  },
  extendEnv: false,
  timeout: 300_000,
})

async function nodeThatRuns(command: string, args: readonly string[], folder: string): Promise<string> {
  const { stdout } = await execa(command, [...args, 'doctor', '--json'], { ...optionsIn(folder), reject: false })
  const [, version = 'not said'] = /Node (\d+\.\d+\.\d+)/.exec(stdout) ?? []
  return version
}

/** What `npm pack --json` says of a package. */
interface Packed {
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string; readonly size: number }[]
}

const megabyte = 1_000_000

/** Size of a folder on disk. */
async function megabytesOf(folder: string): Promise<number> {
  return Number((await execa('du', ['-sk', folder])).stdout.split('\t')[0]) / 1000
}

describe('the packed package', { timeout: 900_000 }, () => {
  const cleanup = new AsyncDisposableStack()
  let tarball = ''
  let packed: Packed
  before(async () => {
    const folder = cleanup.use(await temporaryFolder())
    const { stdout } = await execa('npm', ['pack', '--json', '--pack-destination', folder.path], {
      ...optionsIn(folder.path),
      cwd: repository,
    })
    // What prepack prints stands before it; newer versions of npm say it by name.
    const said = JSON.parse(stdout.slice(stdout.search(/^[[{]$/m))) as Packed[] | { readonly [name: string]: Packed }
    packed = Object.values(said)[0] as Packed
    tarball = join(folder.path, (await readdir(folder.path)).find(name => name.endsWith('.tgz')) ?? '')
  })
  after(() => cleanup.disposeAsync())

  test('has all that it runs on, and nothing of its making', () => {
    const paths = new Set(packed.files.map(({ path }) => path))
    for (const path of [
      ...['action.yml', 'bin/fulcrum', 'bin/fulcrum.js', 'dist/cli/main.js', 'dist/index.js', 'dist/index.d.ts'],
      ...['dist/tokenizers/deepseek-v3/tokenizer.json', 'dist/tokenizers/deepseek-v3/LICENSE', 'LICENSE', 'README.md'],
      ...['dist/bundle.js', 'dist/bundle.cjs', 'dist/LICENSES.txt'],
      ...['assets/report/page.js', 'schema/sweep.schema.json', 'sweeps/quick.yaml', 'docs/tutorial.md'],
    ])
      assert.ok(paths.has(path), path)
    const roots = new Set([...paths].map(path => path.split('/')[0]))
    assert.deepEqual([...roots].sort(), [
      ...['CHANGELOG.md', 'LICENSE', 'README.md', 'action.yml', 'assets', 'bin', 'deploy', 'dist', 'docs'],
      ...['package.json', 'profiles', 'schema', 'sweeps'],
    ])
    // Sources, tests, maps, caches and results stay where they are.
    const strange = [...paths].filter(
      path =>
        /(?<!\.d)\.ts$|\.map$|\.test\.|node_modules|\.tgz$|\.log$/.test(path) && !/^(docs|assets|sweeps)\//.test(path),
    )
    assert.deepEqual(strange, [])
  })

  test('is small: the tokenizer, the bundle and the pictures are the largest of it', () => {
    assert.ok(packed.size < 8 * megabyte, `${packed.size} bytes packed`)
    assert.ok(packed.unpackedSize < 22 * megabyte, `${packed.unpackedSize} bytes unpacked`)
    const large = packed.files.filter(({ size }) => size > megabyte).map(({ path }) => path)
    assert.deepEqual(large, ['dist/bundle.cjs', 'dist/tokenizers/deepseek-v3/tokenizer.json'])
  })

  test('takes less than 200 MB with all libraries, where the Node of the machine does', async () => {
    await using folder = await temporaryFolder()
    const options = optionsIn(folder.path)
    await execa('npm', ['install', '--prefix', '.', '--omit=optional', '--ignore-scripts', ...quiet, tarball], options)
    const size = await megabytesOf(join(folder.path, 'node_modules'))
    assert.ok(size > 50 && size < 200, `${size} MB`)
    // Fulcrum runs there, with a Node that is new enough.
    const main = join(folder.path, 'node_modules/fulcrum/bin/fulcrum.js')
    await execa(process.execPath, [main, 'init', 'mine.yaml'], options)
    assert.match((await execa(process.execPath, [main, 'plan', 'mine.yaml'], options)).stdout, /24 points/)
  })

  test('runs a sweep with `npx fulcrum` outside the repository', async () => {
    await using folder = await temporaryFolder()
    const options = optionsIn(folder.path)
    await execa('npm', ['init', '-y'], options)
    await execa('npm', ['install', ...quiet, tarball], options)

    assert.equal((await execa('npx', ['--no-install', 'fulcrum', '--version'], options)).stdout, version)
    assert.equal(await nodeThatRuns('npx', ['--no-install', 'fulcrum'], folder.path), node)

    await execa('npx', ['--no-install', 'fulcrum', 'init', 'mine.yaml'], options)
    const ran = await execa('npx', ['--no-install', 'fulcrum', 'run', 'mine.yaml', '--json'], {
      ...options,
      reject: false,
    })
    const outcome = JSON.parse(ran.stdout.split('\n').at(-1) ?? '') as {
      points: { planned: number; missing: number }
      report: { index: string }
    }
    assert.deepEqual([outcome.points.planned, outcome.points.missing], [24, 0], ran.stderr)
    await access(outcome.report.index)

    // Its page has code of the analysis, which the package has as JavaScript.
    const run = dirname(dirname(outcome.report.index))
    await execa('npx', ['--no-install', 'fulcrum', 'overlay', run, '--to', 'overlay.html'], options)
    assert.match(await readFile(join(folder.path, 'overlay.html'), 'utf8'), /function frontierOf\(/)
  })

  test('does with its bundle what the sources do', async () => {
    await using folder = await temporaryFolder()
    const options = optionsIn(folder.path)
    await execa('npm', ['init', '-y'], options)
    await execa('npm', ['install', ...quiet, tarball], options)
    const installed = join(folder.path, 'node_modules/fulcrum')
    const list = 'import("fulcrum").then(api => console.log(Object.keys(api).join()))'
    const exported = (await execa(process.execPath, ['--eval', list], options)).stdout
    assert.equal(exported, Object.keys(await import('../../src/index.ts')).join())
    // A sweep that is a module imports the API, and Node has nothing to warn of.
    const sweep = `import { defineSweep } from 'fulcrum'
export default defineSweep({ name: 'small', model: 'nvidia/DeepSeek-R1-FP4', deploy: { with: 'simulated' }, topologies: ['1P1D'], workloads: ['100/8'], load: { concurrency: [1], requests: 2 } })`
    await writeFile(join(folder.path, 'sweep.mjs'), sweep)
    const validated = await execa('npx', ['--no-install', 'fulcrum', 'validate', 'sweep.mjs'], options)
    assert.deepEqual([validated.stdout, validated.stderr], ['sweep.mjs: fine (1 point over 1 deployment)', ''])
    // What the command line's own tests say of a checkout, they say of the package.
    const tests = ['generator-plugin', 'exit-codes', 'help', 'validate', 'serve', 'export', 'compare']
    const files = tests.map(name => join(repository, `test/cli/${name}.test.ts`))
    const ran = await execa(process.execPath, ['--test', '--test-reporter', 'tap', ...files], {
      env: { FULCRUM_TEST_PROGRAM: join(installed, 'bin/fulcrum.js'), NODE_TEST_CONTEXT: undefined },
      reject: false,
    })
    assert.equal(ran.exitCode, 0, ran.stdout.slice(-10_000))
    assert.match(ran.stdout, /^# pass [1-9]\d/m)
  })

  test("installs globally without scripts, and runs Node 24 whatever the machine's Node is", async () => {
    await using folder = await temporaryFolder()
    const options = optionsIn(folder.path)
    const prefix = join(folder.path, 'prefix')
    await execa('npm', ['install', '--global', '--ignore-scripts', '--prefix', prefix, ...quiet, tarball], options)
    const command = join(prefix, 'bin/fulcrum')
    assert.equal((await execa(command, ['--version'], options)).stdout, version)
    assert.equal(await nodeThatRuns(command, [], folder.path), node)
    await execa(command, ['init', 'mine.yaml'], options)
    assert.match((await execa(command, ['plan', 'mine.yaml'], options)).stdout, /24 points/)
  })

  test('says what to do where it was installed without optional packages and the Node of the machine is too old', async context => {
    const { stdout: machine } = await execa('node', ['--version'], optionsIn('/'))
    if (!/^v(1\d|20|21)\./.test(machine)) return context.skip(`the Node of this machine is ${machine}, new enough`)
    await using folder = await temporaryFolder()
    const options = optionsIn(folder.path)
    await execa('npm', ['init', '-y'], options)
    await execa('npm', ['install', '--omit=optional', ...quiet, tarball], options)
    const told = await execa('npx', ['--no-install', 'fulcrum', '--version'], { ...options, reject: false })
    assert.equal(told.exitCode, 3)
    assert.match(told.stderr, /needs Node\.js 22\.19 or newer; this is .*\n.*--omit=optional/)
  })
})

describe('a checkout', { timeout: 600_000 }, () => {
  test('is ready after `npm ci --ignore-scripts`, and accepts the Node that npm ran on', async () => {
    await using folder = await temporaryFolder()
    const options = optionsIn(folder.path)
    for (const name of ['package.json', 'package-lock.json', 'bin', 'src', 'assets', 'profiles', 'sweeps', 'schema'])
      await cp(join(repository, name), join(folder.path, name), { recursive: true })
    const { stderr } = await execa('npm', ['ci', '--ignore-scripts', ...quiet], options)
    // Libraries may want a newer Node than the machine's: Fulcrum runs on its own, which test/project/package.test.ts
    // checks.
    assert.doesNotMatch(stderr, /EBADENGINE +package: 'fulcrum@/)
    assert.equal(await nodeThatRuns('npx', ['--no-install', 'fulcrum'], folder.path), node)
    assert.match((await execa('npm', ['start', '--', '--dry-run'], options)).stdout, /2P1D \(8 points\)/)
  })
})
