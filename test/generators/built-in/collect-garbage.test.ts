// Test part: process

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cachedDataVersionTag } from 'node:v8'
import { Worker } from 'node:worker_threads'

/** Collects garbage as soon as all threads are ready; its exit code is 0 if it could. */
const thread = `
import { workerData } from 'node:worker_threads'
const { collectGarbage } = await import(workerData.file)
const ready = new Int32Array(workerData.shared)
Atomics.add(ready, 0, 1)
while (Atomics.load(ready, 0) < workerData.threads) {}
collectGarbage()
`

test('threads that start together collect their garbage, each its own, and leave the flags of V8 as they were', async () => {
  const flags = cachedDataVersionTag()
  const file = new URL('../../../src/generators/built-in/collect-garbage.ts', import.meta.url).href
  const shared = new SharedArrayBuffer(4)
  const threads = 8
  const codes = await Promise.all(
    Array.from({ length: threads }, () => {
      const { promise, resolve } = Promise.withResolvers<unknown>()
      const url = new URL(`data:text/javascript,${encodeURIComponent(thread)}`)
      new Worker(url, { workerData: { file, shared, threads } }).once('error', resolve).once('exit', resolve)
      return promise
    }),
  )
  assert.deepEqual(codes, Array(threads).fill(0))
  // Otherwise V8 rejects code that was compiled before, and the reverse.
  assert.equal(cachedDataVersionTag(), flags)
})
