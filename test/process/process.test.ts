// Test part: process

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { endLeftovers, findLeftovers } from '../../src/deployers/leftovers.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { answersSignals, currentBootId, identityOf, parseStat, statOf } from '../../src/process/proc.ts'
import { startProcess } from '../../src/process/process.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-process-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const node = process.execPath
const sleeper = 'setInterval(() => {}, 1000)'

async function start(code: string, env: Record<string, string> = {}) {
  const ledger = await openLedger({ folder: join(folder, 'ledger') })
  const logFile = join(folder, 'child.log')
  const child = await startProcess({ name: 'child', argv: [node, '-e', code], env, cwd: folder, logFile }, ledger)
  return { ledger, child }
}

async function eventually(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 2400; i++) {
    if (await what()) return
    await new Promise(resolve => setTimeout(resolve, 25))
  }
  throw new Error(`did not come true: ${what}`)
}

describe('a started process', () => {
  it('is gone after stop, with its children', async () => {
    const { child, ledger } = await start(
      `const c = require('child_process').spawn(process.execPath, ['-e', '${sleeper}']); console.log(c.pid); ${sleeper}`,
    )
    await eventually(() => child.lastLines().length === 1)
    const grandchild = Number(child.lastLines()[0])
    assert.ok(await statOf(grandchild))
    await child.stop()
    assert.equal(child.alive(), false)
    assert.equal(await statOf(grandchild), null)
    ledger.close()
    assert.deepEqual(await readdir(join(folder, 'ledger')), [])
  })

  it('is killed when it ignores SIGTERM past the deadline', async () => {
    const { child } = await start(`process.on('SIGTERM', () => {}); console.log('up'); ${sleeper}`)
    await eventually(() => child.lastLines().includes('up'))
    await child.stop(100)
    assert.deepEqual(child.exit(), { code: null, signal: 'SIGKILL' })
  })

  it('keeps both output streams in its log file and at hand', async () => {
    const { child } = await start('console.log("out"); console.error("err")')
    await child.exited
    await child.stop()
    assert.deepEqual([...child.lastLines()].sort(), ['err', 'out'])
    assert.deepEqual((await readFile(child.logFile, 'utf8')).trim().split('\n').sort(), ['err', 'out'])
  })

  it('says nothing secret: not in its log, not in the ledger', async () => {
    const secret = 'hf_abcdefghij0123456789'
    const { child, ledger } = await start(
      `console.log(process.env.HF_TOKEN); console.log('Authorization: Bearer ${secret}x'); ${sleeper}`,
      {
        HF_TOKEN: secret,
      },
    )
    await eventually(() => child.lastLines().length === 2)
    const kept = await readFile(join(folder, 'ledger', `${ledger.id}.json`), 'utf8')
    await child.stop()
    assert.ok(!kept.includes(secret), kept)
    assert.ok(!(await readFile(child.logFile, 'utf8')).includes(secret))
  })

  it('is refused by name when the program does not exist', async () => {
    const ledger = await openLedger({ folder })
    const spec = {
      name: 'worker',
      argv: ['/no/such/program'] as [string],
      env: {},
      cwd: folder,
      logFile: join(folder, 'l'),
    }
    await assert.rejects(startProcess(spec, ledger), { code: 'program-not-started', where: '/no/such/program' })
  })

  it('still runs and keeps its last lines when its log cannot be written', async () => {
    await writeFile(join(folder, 'file'), '')
    const ledger = await openLedger({ folder: join(folder, 'ledger') })
    const logFile = join(folder, 'file', 'child.log')
    const argv: [string, ...string[]] = [node, '-e', 'console.log("hello")']
    const child = await startProcess({ name: 'child', argv, env: {}, cwd: folder, logFile }, ledger)
    await child.exited
    await child.stop()
    assert.deepEqual(child.lastLines(), ['hello'])
  })
})

/** Runs a Fulcrum of the test's own that starts one child and waits; returns its pid and the child's. */
async function parentWithChild(): Promise<{ parent: ReturnType<typeof spawn>; childPid: number }> {
  const parent = spawn(node, [join(import.meta.dirname, 'parent-process.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  assert.ok(parent.stdout)
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
  return { parent, childPid: Number(line) }
}

describe('the end of Fulcrum', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`by ${signal} ends what it started`, async () => {
      const { parent, childPid } = await parentWithChild()
      parent.kill(signal)
      await once(parent, 'exit')
      await eventually(async () => (await statOf(childPid)) === null)
      assert.deepEqual(await findLeftovers(join(folder, 'ledger')), [])
    })
  }

  it('by SIGKILL leaves processes that the next one finds, names and ends, and no others', async () => {
    const stranger = spawn(node, ['-e', sleeper], { stdio: 'ignore' })
    const { parent, childPid } = await parentWithChild()
    try {
      assert.deepEqual(await findLeftovers(join(folder, 'ledger')), [], 'a living Fulcrum leaves nothing behind')
      parent.kill('SIGKILL')
      await once(parent, 'exit')
      const leftovers = await findLeftovers(join(folder, 'ledger'))
      assert.deepEqual(
        leftovers.map(({ name, pid }) => ({ name, pid })),
        [{ name: 'worker', pid: childPid }],
      )
      await endLeftovers(leftovers)
      await eventually(async () => (await statOf(childPid)) === null)
      assert.ok(stranger.pid !== undefined && answersSignals(stranger.pid))
      assert.deepEqual(await findLeftovers(join(folder, 'ledger')), [])
      assert.deepEqual(await readdir(join(folder, 'ledger')), [], 'an empty ledger is forgotten')
    } finally {
      stranger.kill('SIGKILL')
    }
  })
})

describe('a leftover', () => {
  it('is never a program that took over the number', async () => {
    const stranger = spawn(node, ['-e', sleeper], { stdio: 'ignore' })
    assert.ok(stranger.pid !== undefined)
    try {
      const now = await identityOf(stranger.pid)
      const owner = { ...now, pid: 4194303, startTicks: 1 }
      const entry = (change: object) => ({
        ...now,
        name: 'w',
        argv: ['w'],
        cwd: '/',
        runFolder: null,
        startedAt: '',
        ...change,
      })
      await mkdir(join(folder, 'ledger'))
      const processes = [
        entry({ startTicks: (now.startTicks ?? 0) - 1 }),
        entry({ bootId: 'another boot' }),
        entry({ startTicks: null }),
      ]
      const { hostname } = await import('node:os')
      await writeFile(join(folder, 'ledger', 'x.json'), JSON.stringify({ id: 'x', host: hostname(), owner, processes }))
      assert.deepEqual(await findLeftovers(join(folder, 'ledger')), [])
      const stale = { ...entry({}), startTicks: (now.startTicks ?? 0) - 1, slurmJob: null, ledger: 'x' }
      await endLeftovers([stale], 0)
      assert.ok(answersSignals(stranger.pid))
    } finally {
      stranger.kill('SIGKILL')
    }
  })

  it('is not looked for in a file that is no ledger', async () => {
    await writeFile(join(folder, 'x.json'), '{"id": "x", "proc')
    assert.deepEqual(await findLeftovers(folder), [])
    assert.equal((await readdir(folder)).length, 1)
  })
})

it('reads a process state whose command name holds spaces and parentheses', async () => {
  const stat = parseStat('42 (a b) c) S 7 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2 3')
  assert.deepEqual(stat, { pid: 42, state: 'S', parent: 7, group: 42, startTicks: 98765 })
  assert.ok(await currentBootId())
})
