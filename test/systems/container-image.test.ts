import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import { type Instruction, stagesOf } from '../ci/containerfile.ts'
import { root } from '../ci/scratch.ts'
import { fulcrum, temporaryFolder } from '../cli/fulcrum.ts'
import { openPodman, type Podman } from './images/podman.ts'

const stages = stagesOf(await readFile(join(root, 'Containerfile'), 'utf8'))
const [build = [], last = []] = stages
const all = stages.flat()
const textsOf = (name: string, of: readonly Instruction[] = all) =>
  of.filter(one => one.name === name).map(({ text }) => text)

describe('the Containerfile', () => {
  test('names its base by digest, the same for both stages', () => {
    assert.equal(stages.length, 2)
    for (const from of textsOf('FROM'))
      assert.match(from, /^docker\.io\/library\/node:24\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}( AS build)?$/)
    assert.equal(new Set(textsOf('FROM').map(from => from.replace(' AS build', ''))).size, 1)
  })

  test('runs Fulcrum as user 1000, and runs nothing as root in the last stage', () => {
    assert.deepEqual(textsOf('USER'), ['1000:1000'])
    assert.deepEqual(textsOf('RUN', last), [])
    assert.deepEqual(last.at(-2), { name: 'ENTRYPOINT', text: '["fulcrum"]' })
  })

  test('keeps caches, results and the checkout out of the context and the image', async () => {
    const ignored = (await readFile(join(root, '.containerignore'), 'utf8')).trim().split('\n')
    for (const name of ['.git', '.systems', 'node_modules', 'results']) assert.ok(ignored.includes(name), name)
    assert.deepEqual(textsOf('COPY', last), ['--from=build /opt/fulcrum /opt/fulcrum'])
  })
})

const sweepOf = (requests: number, generator: object = {}) => `name: image
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated }
topologies: [agg x1]
workloads: [1000/16]
load: { concurrency: ${requests / 2}, requests: ${requests}, warmup: 0x }
generator: ${JSON.stringify({ name: 'built-in', ...generator })}
validity: { send_lateness_p99_ms: 60000, event_loop_delay_p99_ms: 60000, cpu_share: 1, run_queue_share: 1, in_flight_share: 0 }
`

/** A base made here can't have the digest of the real one. */
const base = (textsOf('FROM')[0] ?? '').replace(/@.*/, '')
const podman = await openPodman(base)

if (typeof podman === 'string') describe('the image that podman builds', { skip: podman }, () => {})
else describe('the image that podman builds', { timeout: 840_000 }, () => testImage(podman))

function testImage(podman: Podman): void {
  const image = 'registry.example/fulcrum:test'
  const { folder } = podman
  before(async () => {
    const { exitCode, all } = await podman.call(['build', ...podman.buildOptions, `--tag=${image}`, root], 600_000)
    assert.equal(exitCode, 0, all)
    await writeFile(join(folder, 'image.yaml'), sweepOf(2))
    for (const name of ['results', 'sharded']) await mkdir(join(folder, name))
  })
  after(() => podman[Symbol.asyncDispose]())

  const run = (options: readonly string[], words: readonly string[]) =>
    podman.call(['run', ...podman.runOptions, ...options, image, ...words], 120_000)

  test('measures a sweep as user 1000, on a root that cannot be written', async () => {
    const volumes = [`--volume=${folder}/image.yaml:/sweeps/image.yaml:ro`, `--volume=${folder}/results:/results:U`]
    const ran = await run(['--read-only', ...volumes], ['run', '/sweeps/image.yaml', '--out', '/results'])
    assert.equal(ran.exitCode, 0, ran.all)
    assert.match(ran.all, /1 ok of 1 point/)
    const { stdout } = await execa('find', [join(folder, 'results'), '-name', 'index.html', '-printf', '%U:%G'])
    assert.equal(stdout, '1000:1000')
  })

  test('runs the shards of a load', async () => {
    const launch = [...podman.command, 'run', ...podman.runOptions, '--interactive', '--name={host}']
    const shards = { count: 2, hosts: ['shard-a', 'shard-b'], launch, command: [image] }
    const file = join(folder, 'sharded.yaml')
    await writeFile(file, sweepOf(4, { shards }))
    const ran = await fulcrum(['run', file, '--out', join(folder, 'sharded')])
    assert.equal(ran.exitCode, 0, `${ran.stdout}${ran.stderr}`)
    assert.match(ran.stdout, /1 ok of 1 point/)
    const format = '{{.Name}} {{.Image}} {{.Status}}'
    const { stdout } = await podman.call(['events', '--stream=false', '--filter=event=start', `--format=${format}`])
    const started = stdout.split('\n').filter(line => line.startsWith('shard-'))
    assert.deepEqual(started.toSorted(), [`shard-a ${image} start`, `shard-b ${image} start`])
  })

  test('prints its help where no command is given, and nobody but root may write to it', async () => {
    const { all } = await run([], [])
    assert.match(all, /^Usage: fulcrum \[options\] \[command\]/)
    const find = ['/', '-xdev', '-path', '/proc', '-prune', '-o', '-writable', '-not', '-type', 'l', '-print']
    const { stdout } = await run(['--entrypoint=find'], find)
    assert.deepEqual(
      stdout.split('\n').filter(path => !/^\/(tmp|dev)(\/|$)/.test(path)),
      [],
    )
  })

  test('leaves out sources, tests and the Node that npm brings along', async () => {
    const { stdout } = await podman.call(['image', 'inspect', '--format={{.Size}}', base, image])
    const [ofBase = Number.NaN, whole = Number.NaN] = stdout.split('\n').map(Number)
    const megabytes = (whole - ofBase) / 1e6
    assert.ok(megabytes > 50 && megabytes < 200, `${megabytes} MB`)
    const found = await run(['--entrypoint=find'], ['/opt', '/srv', '-name', 'node-linux-*', '-o', '-path', '/srv/*'])
    assert.deepEqual([found.exitCode, found.stdout], [0, ''])
  })
}

/** Mount namespaces need root, as `npm test` has it. */
const noRoot = process.getuid?.() === 0 ? false : 'only root may mount'
const skip = typeof podman === 'string' ? noRoot : 'podman builds the image itself'

describe('the steps of the Containerfile, run in a mount namespace', { timeout: 600_000, skip }, () => {
  const cleanup = new AsyncDisposableStack()
  let folder = ''
  /** Runs a script where /srv and /opt are empty folders of this test, as they are in the base image. */
  const inside = (script: string, env: Readonly<Record<string, string>> = {}) =>
    execa(
      'unshare',
      [
        ...['--mount', '--propagation', 'private', 'sh', '-euc'],
        `mount --bind ${folder}/srv /srv; mount --bind ${folder}/opt /opt; ${script}`,
      ],
      { cwd: '/', extendEnv: false, reject: false, all: true, timeout: 300_000, env },
    )
  before(async () => {
    folder = cleanup.use(await temporaryFolder()).path
    await execa('chmod', ['755', folder])
    for (const name of ['srv', 'opt', 'bin', 'tmp']) await mkdir(join(folder, name))
    await execa('chmod', ['1777', join(folder, 'tmp')])
    // The base image's Node: this checkout's. Its npm is the machine's.
    await execa('cp', [process.execPath, join(folder, 'bin/node')])
    const PATH = `${folder}/bin:/usr/local/bin:/usr/bin:/bin`
    const ignored = (await readFile(join(root, '.containerignore'), 'utf8')).trim().split('\n')
    let workdir = '/'
    for (const { name, text } of build) {
      if (name === 'WORKDIR') {
        workdir = text
        await mkdir(join(folder, workdir), { recursive: true })
      } else if (name === 'COPY') {
        const words = text.split(' ')
        const to = join(folder, workdir, words.at(-1) ?? '')
        const sources = words.slice(0, -1)
        const names = sources.flatMap(source => (source === '.' ? ignored.map(one => `--exclude=./${one}`) : []))
        await execa('tar', ['-C', root, '-cf', join(folder, 'context.tar'), ...names, ...sources])
        await execa('tar', ['-C', to, '-xf', join(folder, 'context.tar')])
      } else if (name === 'RUN') {
        const { exitCode, all } = await inside(`cd ${workdir}; ${text}`, {
          ...{ PATH, HOME: process.env.HOME ?? '/root', npm_config_prefer_offline: 'true' },
        })
        assert.equal(exitCode, 0, `RUN ${text}\n${all}`)
      } else assert.equal(name, 'FROM')
    }
  })
  after(() => cleanup.disposeAsync())

  /** The last stage's command, as its user, on a root that can't be written. */
  const run = (words: string) => {
    const [, path = ''] = /PATH=(\S+)/.exec(textsOf('ENV', last)[0] ?? '') ?? []
    const [user = '', group = ''] = (textsOf('USER', last)[0] ?? '').split(':')
    const shell = `mount --bind ${folder}/tmp /tmp; mount --bind -o ro /opt /opt; mount -o remount,ro,bind /opt; cd /tmp; exec setpriv --reuid ${user} --regid ${group} --clear-groups fulcrum ${words}`
    return inside(shell, { PATH: `${path.split(':')[0]}:/opt/base:${path}`, HOME: '/tmp', NODE_ENV: 'production' })
  }

  test('give an image that measures a sweep as user 1000', async () => {
    // What the base image has in /usr/local/bin.
    await mkdir(join(folder, 'opt/base'))
    await execa('cp', [process.execPath, join(folder, 'opt/base/node')])
    await writeFile(join(folder, 'tmp/sweep.yaml'), sweepOf(2))
    const ran = await run('run sweep.yaml --out /tmp/results')
    assert.equal(ran.exitCode, 0, ran.all)
    assert.match(ran.all, /1 ok of 1 point/)
    const { stdout } = await execa('find', [join(folder, 'tmp/results'), '-name', 'index.html', '-printf', '%U'])
    assert.equal(stdout, '1000')
  })

  test('give an image without sources, tests and the Node that npm brings along', async () => {
    const { stdout } = await execa('du', ['-sk', join(folder, 'opt/fulcrum')])
    const megabytes = Number(stdout.split('\t')[0]) / 1000
    assert.ok(megabytes > 50 && megabytes < 200, `${megabytes} MB`)
    const found = await execa('find', [join(folder, 'opt/fulcrum'), '-name', 'node-linux-*'])
    assert.equal(found.stdout, '')
  })
})
