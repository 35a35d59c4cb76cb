// Test part: load

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import type { Job } from '../../../src/generators/built-in/job.ts'
import { createPool } from '../../../src/generators/built-in/pool.ts'

const { signal } = new AbortController()

test('a thread that fails ends the work of all with its error, and the pool starts others', async () => {
  const pool = createPool()
  await pool.ready(2, signal)
  // The second thread can't even begin.
  const broken = { threads: 2, requests: {}, schedule: { kind: 'closed' }, live: { threads: [] } }
  await assert.rejects(pool.run(broken as unknown as Job, signal), /every thread needs its part of the live table/)
  await pool.ready(2, signal)
  await pool.close()
})

test('a closed pool has no threads left', { skip: process.platform !== 'linux' }, async () => {
  const threads = () => readdirSync('/proc/self/task').length
  const pool = createPool()
  await pool.ready(1, signal)
  const open = threads()
  await pool.close()
  assert.ok(threads() < open)
})

test('a pool starts nothing for what is aborted already', async () => {
  const reason = new Error('no longer wanted')
  await assert.rejects(createPool().ready(1, AbortSignal.abort(reason)), error => error === reason)
})
