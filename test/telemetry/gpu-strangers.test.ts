// Test part: process

import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { ownership } from '../../src/telemetry/gpu/nvml-program.ts'

/** Starts a shell that starts a process without any environment, and prints the number of that one. */
async function started(env: Record<string, string>): Promise<{ readonly shell: ChildProcess; readonly pid: number }> {
  const shell = spawn('/bin/sh', ['-c', '/usr/bin/env -i /bin/sleep 600 & echo $!; wait'], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  assert.ok(shell.stdout !== null)
  const [line] = await once(createInterface({ input: shell.stdout }), 'line')
  return { shell, pid: Number(line) }
}

const strangerOf = async (pid: number) => {
  const program = `import sys\nmark = b'FULCRUM_RUN=this'\n${ownership}\nprint(stranger(int(sys.argv[1])))`
  return (await promisify(execFile)('python3', ['-c', program, String(pid)], { timeout: 30_000 })).stdout.trim()
}

describe('a process on a GPU of the deployment', () => {
  const shells: ChildProcess[] = []
  after(() => {
    for (const { pid } of shells) if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  })
  const processWith = async (env: Record<string, string>) => {
    const { shell, pid } = await started(env)
    shells.push(shell)
    return pid
  }

  test('is its own when an ancestor has its mark, although it wrote its title over its own environment', async () => {
    assert.equal(await strangerOf(await processWith({ FULCRUM_RUN: 'this' })), 'None')
  })

  test('is a stranger when nothing above it has the mark', async () => {
    const pid = await processWith({ FULCRUM_RUN: 'other' })
    assert.match(await strangerOf(pid), new RegExp(`^\\w+ \\(${pid}\\)$`))
  })

  test('is no stranger when it is gone', async () => {
    assert.equal(await strangerOf(2 ** 22 + 1), 'None')
  })
})
