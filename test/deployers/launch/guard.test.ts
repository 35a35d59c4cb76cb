// Test part: process

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { execa } from 'execa'
import { guarded } from '../../../src/deployers/launch/guard.ts'
import type { Task } from '../../../src/deployers/launch/launcher.ts'
import { statOf } from '../../../src/process/proc.ts'

const plain = { container: null, namespace: 'ns', unset: ['SLURM_JOBID'] }

describe('the guard of a task', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-guard-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const task = (script: string, more: Partial<Task> = {}): Task => ({
    name: 'decode-0',
    argv: ['bash', '-c', script],
    env: {},
    files: [],
    ...more,
  })
  function start(what: Task, silence = '20') {
    const [program, ...args] = guarded(what, plain)
    assert.equal(args[4], '20')
    return execa(program, args.with(4, silence), { stdin: 'pipe', reject: false, env: { SLURM_JOBID: '7' } })
  }
  const firstLine = async (child: ReturnType<typeof start>): Promise<string> => {
    const [data] = await once(child.stdout, 'data')
    return String(data)
  }
  async function gone(pid: number): Promise<void> {
    while ((await statOf(pid)) !== null) await new Promise(resolve => setTimeout(resolve, 20))
  }

  it('passes output and exit code on', async () => {
    const { stdout, exitCode } = await start(task('echo out; exit 7'))
    assert.deepEqual([stdout, exitCode], ['out', 7])
  })

  it('gives the task its own variables, and takes away those that it must not see', async () => {
    const { stdout } = await start(task('echo "$A $(printenv SLURM_JOBID || echo none)"', { env: { A: "it's $HOME" } }))
    assert.equal(stdout, "it's $HOME none")
  })

  it('writes files before the task starts, and removes them after it', async () => {
    const path = join(folder, 'new folder', "it's.yaml")
    const { stdout } = await start(task(`cat "${path}"`, { files: [{ path, content: 'a: "$b"\nc: \\d\n' }] }))
    assert.equal(stdout, 'a: "$b"\nc: \\d')
    await assert.rejects(stat(join(folder, 'new folder')))
  })

  it('removes the task’s own folder with all that the task has left there', async () => {
    const own = join(folder, 'own folder')
    const { stdout } = await start(task(`mkdir -p "${own}/a/b"; echo c >"${own}/a/b/c"; ls "${own}"`, { folder: own }))
    assert.equal(stdout, 'a')
    await assert.rejects(stat(own), { code: 'ENOENT' })
  })

  it('ends the task and its children when its input ends, and waits for them', async () => {
    const child = start(task('trap "echo bye; exit 3" TERM; sleep 1000 & echo $!; wait'))
    const pid = Number(await firstLine(child))
    child.stdin.end()
    assert.equal((await child).exitCode, 3)
    await gone(pid)
  })

  it('ends the task when it hears nothing', async () => {
    const child = start(task('echo $$; exec sleep 1000'), '0.3')
    const pid = Number(await firstLine(child))
    await child
    await gone(pid)
  })

  it('ends the task when it is told to end itself', async () => {
    const child = start(task('echo $$; exec sleep 1000'))
    const pid = Number(await firstLine(child))
    child.kill('SIGTERM')
    await child
    await gone(pid)
  })

  it('ends the task when it is told to end itself as the task starts', async () => {
    const child = start(task('echo $$; kill -TERM $PPID; exec sleep 1000'))
    const pid = Number(await firstLine(child))
    await child
    await gone(pid)
  })

  it('runs the task in a folder of its own, and ends what has left its session', async () => {
    const child = start(task('setsid sleep 1000 & echo $! $PWD; exit', { cwd: folder }))
    const [pid, where] = (await firstLine(child)).trim().split(' ')
    assert.equal(where, folder)
    await child
    await gone(Number(pid))
  })

  it('ends a supervisor with the first of its services, and the others with it', async () => {
    const supervisor = 'setsid sleep 3 & one=$!; setsid sleep 1000 & echo $one $!; sleep 1000 & wait'
    const child = start(task(supervisor, { supervises: true }))
    const [, other] = (await firstLine(child)).trim().split(' ').map(Number)
    const { stderr, exitCode } = await child
    assert.deepEqual([stderr, exitCode], ['a service of it has ended, and the rest was ended with it', 70])
    await gone(other ?? 0)
  })

  it('ends no process that it did not start', async () => {
    const other = execa('sleep', ['1000'], { reject: false })
    const child = start(task('exec sleep 1000'))
    child.stdin.end()
    await child
    assert.ok((await statOf(other.pid ?? 0)) !== null)
    other.kill()
    await other
  })

  it('takes the end of a rank for a failure, unless the rank was told to end', async () => {
    const alone = await start(task('exit 0', { isRank: true }))
    assert.deepEqual([alone.exitCode, alone.stderr], [70, 'this rank ended without being told to'])
    assert.equal((await start(task('exit 3', { isRank: true }))).exitCode, 3)
    const told = start(task('trap "exit 0" TERM; echo ready; sleep 1000 & wait', { isRank: true }))
    await firstLine(told)
    told.stdin.end()
    assert.equal((await told).exitCode, 0)
    const asked = start(task('trap "exit 0" TERM; echo ready; sleep 1000 & wait', { isRank: true }))
    await firstLine(asked)
    asked.kill('SIGTERM')
    assert.equal((await asked).exitCode, 0)
  })

  it('takes the exit code from the rank, however quickly it ends when told to', async () => {
    const codes: unknown[] = []
    for (let i = 0; i < 12; i++) {
      const told = start(task('trap "exit 0" TERM; echo ready; sleep 1000 & wait', { isRank: true }))
      await firstLine(told)
      told.stdin.end()
      codes.push((await told).exitCode)
    }
    assert.deepEqual(codes, Array(12).fill(0))
  })

  it('removes the task’s container, by its own name', async () => {
    const said = join(folder, 'docker-said')
    const docker = join(folder, 'docker')
    await execa('bash', ['-c', `printf '#!/bin/sh\\necho "$@" >>${said}\\n' >${docker}; chmod +x ${docker}`])
    const container = { runtime: 'docker' as const, image: 'image:1', python: 'python3', args: ['-v', '/a:/b'] }
    const [program, ...args] = guarded(task('true', { env: { A: 'b c' } }), { ...plain, container })
    const { exitCode } = await execa(program, args, { stdin: 'pipe', env: { PATH: `${folder}:${process.env.PATH}` } })
    const [run, remove] = (await readFile(said, 'utf8')).split('\n')
    assert.equal(exitCode, 0)
    assert.equal(
      run,
      'run --rm --init --name ns-decode-0 --gpus all --network host -e A=b c -v /a:/b image:1 bash -c true',
    )
    assert.equal(remove, 'rm -f ns-decode-0')
  })
})
