import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { statOf } from '../../src/process/proc.ts'
import { startMock } from '../mock-server/start.ts'
import { workplace } from './fulcrum-process.ts'

const sweep = (url: string, load: string) => `
name: split
model: { name: mock, tokenizer: "builtin:deepseek-v3" }
deploy: { with: attach, url: "${url}", gpus: 1, dialect: dynamo-1 }
workloads: [32/4]
load: ${load}
`

const goneLimitMs = 5000

test('fulcrum run --shards measures the same points as without', async () => {
  await using server = await startMock({ ttftMs: 5, itlMs: 1 })
  await using place = await workplace(sweep(server.url, '{ concurrency: [1, 4], requests: 8, warmup: 0 }'))
  const idsOf = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await place.start('run', place.sweepFile, '--new', '--json', ...args).ended()
    // So short a point may be invalid on a busy machine; which points there are is not a matter of that.
    assert.ok(exitCode === 0 || exitCode === 1, stderr)
    const lines = stdout.split('\n').filter(Boolean)
    return lines.flatMap(line => /"step":"measured".*?"point":\{"id":"(\w+)"/.exec(line)?.[1] ?? []).sort()
  }
  const split = await idsOf('--shards', '2')
  assert.equal(split.length, 2)
  assert.deepEqual(split, await idsOf())
  assert.deepEqual(await place.recorded(), [], 'no shard is left')
})

test('shards end when their Fulcrum is killed', async () => {
  await using server = await startMock({ ttftMs: 5, itlMs: 1 })
  await using place = await workplace(sweep(server.url, '{ concurrency: 4, duration: 60s, warmup: 0 }'))
  const fulcrum = place.start('run', place.sweepFile, '--shards', '2', '--json')
  await fulcrum.progress(({ step }) => step === 'measuring')
  // All slots are busy: both shards measure.
  while ((await server.truth()).maxInFlight < 4) await sleep(100)
  const shards = await place.recorded()
  assert.deepEqual(shards.map(({ name }) => name).sort(), ['shard-0', 'shard-1'])
  fulcrum.kill('SIGKILL')
  await fulcrum.ended()
  const running = async () => (await Promise.all(shards.map(({ pid }) => statOf(pid)))).filter(stat => stat !== null)
  const deadline = performance.now() + goneLimitMs
  while ((await running()).length > 0 && performance.now() < deadline) await sleep(50)
  assert.deepEqual(await running(), [])
})

test('--shards with a generator that can’t be split is refused before anything starts', async () => {
  const text = `${sweep('http://127.0.0.1:1', '{ concurrency: 1, requests: 1 }')}generator: genai-perf\n`
  await using place = await workplace(text)
  const { exitCode, stderr } = await place.start('run', place.sweepFile, '--shards', '2').ended()
  assert.equal(exitCode, 2)
  assert.match(stderr, /The generator genai-perf cannot split its load over processes/)
})
