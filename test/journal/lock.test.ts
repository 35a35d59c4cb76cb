// Test part: process

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { execaNode } from 'execa'
import { lockRun, runHolder } from '../../src/journal/index.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { scratch } from './journal-on-disk.ts'

const rival = join(import.meta.dirname, 'rival-process.ts')

const lockedBy = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof FulcrumError)
  assert.equal(error.code, 'run-locked')
  assert.equal(error.kind, 'environment')
  assert.match(`${error.message} ${error.remedy}`, pattern)
  return true
}

/** A process that takes the lock and keeps it until its standard input ends. */
async function holdElsewhere(folder: string) {
  const child = execaNode(rival, [folder], { reject: false })
  const [answer] = await once(child.stdout, 'data')
  return { child, pid: child.pid, answer: String(answer).trim() }
}

async function writeAttempt(folder: string, number: number, content: string): Promise<void> {
  await mkdir(join(folder, 'attempts'), { recursive: true })
  await writeFile(join(folder, 'attempts', `${number}.json`), content)
}

describe('the lock of a run folder', () => {
  test('is refused to a second process, by the name of the first', async () => {
    await using folder = await scratch()
    const holder = await holdElsewhere(folder.path)
    assert.equal(holder.answer, 'held as attempt 1')
    await assert.rejects(lockRun(folder.path), lockedBy(new RegExp(`process ${holder.pid} .*kill -INT ${holder.pid}`)))
    assert.equal((await runHolder(folder.path))?.pid, holder.pid)
    holder.child.kill('SIGTERM')
    await holder.child
  })

  test('goes to exactly one of several that ask at once', async () => {
    await using folder = await scratch()
    const rivals = await Promise.all(Array.from({ length: 4 }, () => holdElsewhere(folder.path)))
    for (const { child } of rivals) child.stdin?.end()
    await Promise.all(rivals.map(({ child }) => child))
    assert.equal(rivals.filter(({ answer }) => answer.startsWith('held')).length, 1)
  })

  test('goes to exactly one of many in one process, also over a dead holder', async () => {
    await using folder = await scratch()
    const dead = await holdElsewhere(folder.path)
    dead.child.kill('SIGKILL')
    await dead.child
    const claims = await Promise.allSettled(Array.from({ length: 20 }, () => lockRun(folder.path)))
    const won = claims.flatMap(claim => (claim.status === 'fulfilled' ? [claim.value] : []))
    assert.deepEqual(
      won.map(lock => lock.attempt),
      [2],
    )
  })

  test('is taken over from a holder that was killed', async () => {
    await using folder = await scratch()
    const holder = await holdElsewhere(folder.path)
    holder.child.kill('SIGKILL')
    await holder.child
    await using lock = await lockRun(folder.path)
    assert.equal(lock.attempt, 2)
  })

  test('is free once released', async () => {
    await using folder = await scratch()
    await (await lockRun(folder.path)).release()
    assert.equal(await runHolder(folder.path), null)
    await using again = await lockRun(folder.path)
    assert.equal(again.attempt, 2)
  })

  test('is not kept by another process that got the dead holder’s number', async () => {
    await using folder = await scratch()
    await using own = await lockRun(folder.path)
    assert.equal(own.attempt, 1)
    const holder = await runHolder(folder.path)
    await using elsewhere = await scratch()
    await writeAttempt(elsewhere.path, 1, JSON.stringify({ ...holder, startTicks: 1 }))
    await using lock = await lockRun(elsewhere.path)
    assert.equal(lock.attempt, 2)
  })

  test('is not taken from a process on another host, which can’t be seen', async () => {
    await using folder = await scratch()
    await using own = await lockRun(folder.path)
    const holder = { ...(await runHolder(folder.path)), host: `not-${hostname()}` }
    await using elsewhere = await scratch()
    await writeAttempt(elsewhere.path, 3, JSON.stringify(holder))
    await assert.rejects(lockRun(elsewhere.path), lockedBy(/on host not-.* remove .*attempts\/3\.json/))
    assert.equal(own.attempt, 1)
  })

  test('is free when a power cut left the holder’s name empty', async () => {
    await using folder = await scratch()
    await writeAttempt(folder.path, 1, '')
    await using lock = await lockRun(folder.path)
    assert.equal(lock.attempt, 2)
    assert.deepEqual((await readdir(join(folder.path, 'attempts'))).sort(), ['1.json', '2.json'])
  })
})
