// Test part: process

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { generatorVersion } from '../../../src/generators/built-in/result.ts'
import type { LoadGenerator } from '../../../src/generators/generator.ts'
import { sharded } from '../../../src/generators/shards/sharded.ts'
import { encode, type FromShard, protocol } from '../../../src/generators/shards/wire.ts'
import type { Measurement } from '../../../src/metrics/measurement.ts'
import { judge } from '../../../src/metrics/validity.ts'
import { answer, scriptedServer } from '../../mock-server/scripted.ts'
import { type MockServer, startMock } from '../../mock-server/start.ts'
import { endpointOf, type PointChanges, pointOf } from '../built-in/setting.ts'

const shards = { count: 2, hosts: [], launcher: 'ssh', launcherArgs: [] } as const

let server: MockServer
let generator: LoadGenerator
before(async () => {
  server = await startMock({ ttftMs: 5, itlMs: 1, tokens: 4 })
  generator = await generatorOf({})
})
after(async () => {
  await generator.close()
  await server[Symbol.asyncDispose]()
})

async function generatorOf(more: Partial<Parameters<typeof sharded>[0]>): Promise<LoadGenerator> {
  const runFolder = await mkdtemp(join(tmpdir(), 'fulcrum-shards-'))
  const cacheFolder = join(tmpdir(), 'fulcrum-test-lexicons')
  return sharded({ cacheFolder, shards, runFolder, threads: 1, ...more })
}

async function measure(
  changes: PointChanges,
  by: LoadGenerator = generator,
  onMeasuring: () => void = () => {},
  signal: AbortSignal = AbortSignal.timeout(60_000),
  url = server.url,
) {
  const folder = join(await mkdtemp(join(tmpdir(), 'fulcrum-shards-')), 'points', 'p')
  const phases = new Set<string>()
  const measurement = await by.measure(pointOf(changes), endpointOf(url), {
    signal,
    folder,
    onProgress: ({ phase }) => {
      phases.add(phase)
      if (phase === 'measuring') onMeasuring()
    },
  })
  return { measurement, phases }
}

/** Not warnings: how well a busy host's clock is known is no matter of what is tested. */
const invalidating = ({ remarks = [] }: Measurement) => remarks.filter(({ severity }) => severity === 'invalid')

test('two processes send what one would have sent', async () => {
  await server.reset()
  const load = { level: { kind: 'concurrency', concurrency: 5 }, requests: 43, warmup: 7, dataset: 50 } as const
  const { measurement, phases } = await measure({ load })
  assert.deepEqual(measurement.requests, { sent: 43, completed: 43, failed: 0 })
  assert.equal(measurement.totals.outputTokens, 43 * 4)
  assert.equal(measurement.interChunkMs?.count, 43 * 3)
  assert.equal(measurement.ttftMs?.count, 43)
  assert.equal(measurement.client.threads, 2)
  assert.ok((measurement.client.inFlight?.max ?? 0) <= 5)
  assert.deepEqual(invalidating(measurement), [])
  assert.deepEqual([...phases].at(-1), 'summarising')
  const health = measurement.client.shards ?? []
  assert.deepEqual(health.map(({ requests }) => requests).sort(), [17, 26])
})

/** At ten times the figure anything is precise: it stops at the first look, however busy the machine is. */
const settled = { min: 160, precision: 10 }

for (const [what, changes] of [
  ['a closed loop', { load: { level: { kind: 'concurrency', concurrency: 4 }, warmup: 8 } }],
  [
    'conversations',
    {
      load: { level: { kind: 'concurrency', concurrency: 4 }, warmup: 16 },
      workload: { conversation: { turns: 4, thinkMs: 1 } },
    },
  ],
  ['an open loop', { load: { level: { kind: 'rate', requestsPerS: 200, arrivals: { kind: 'poisson' } }, warmup: 20 } }],
] satisfies [string, PointChanges][]) {
  test(`${what} over shards stops by what all of them have measured together`, async () => {
    await using scripted = await scriptedServer(socket => setTimeout(() => socket.write(answer(4)), 20))
    const load = { ...changes.load, auto: settled, requests: 40_000, dataset: 50 }
    const { measurement } = await measure({ ...changes, load }, generator, undefined, undefined, scripted.url)
    assert.equal(measurement.stopping?.reason, 'settled')
    assert.equal(measurement.stopping?.requests, 160)
    assert.deepEqual(measurement.requests, { sent: 160, completed: 160, failed: 0 })
    assert.equal(measurement.window, 'steady')
    assert.equal(measurement.client.shards?.length, 2)
    assert.deepEqual(invalidating(measurement), [])
    assert.ok(scripted.requests.length < 20_000, `${scripted.requests.length} requests were sent`)
  })
}

test('a load over shards that never gets precise ends at the most, and each shard has sent its part', async () => {
  await using scripted = await scriptedServer((socket, _, n) => setTimeout(() => socket.write(answer(4)), 1 + n / 4))
  const level = { kind: 'concurrency', concurrency: 4 } as const
  const load = { level, auto: { min: 40, precision: 0.005 }, requests: 120, warmup: 8, dataset: 50 }
  const { measurement } = await measure({ load }, generator, undefined, undefined, scripted.url)
  assert.equal(measurement.stopping?.reason, 'max')
  assert.deepEqual(measurement.requests, { sent: 120, completed: 120, failed: 0 })
})

test('no prompt is sent twice by two shards, warm-up included', async () => {
  await using scripted = await scriptedServer(socket => socket.write(answer(4)))
  const level = { kind: 'concurrency', concurrency: 3 } as const
  const load = { level, requests: 14, warmup: 4, dataset: 18, window: 'whole' } as const
  await measure({ load }, generator, undefined, undefined, scripted.url)
  assert.equal(scripted.requests.length, 18)
  assert.equal(new Set(scripted.requests.map(({ body }) => body.toString())).size, 18)
  assert.equal(scripted.connections(), 3)
})

test('a steady window over shards begins in full load and holds it until every shard has its last answer', async () => {
  let now = 0
  const inFlight: number[] = []
  await using scripted = await scriptedServer((socket, _, n) => {
    inFlight[n] = ++now
    // Slots end one after another.
    setTimeout(
      () => {
        now -= 1
        socket.write(answer(4))
      },
      50 + 12 * (n % 4),
    )
  })
  const load = { level: { kind: 'concurrency', concurrency: 4 }, warmup: 4, requests: 16, dataset: 20 } as const
  const { measurement } = await measure({ load }, generator, undefined, undefined, scripted.url)
  assert.deepEqual(measurement.requests, { sent: 16, completed: 16, failed: 0 })
  assert.deepEqual(
    [measurement.window, measurement.warmupRequests, measurement.whole?.requests.sent],
    ['steady', 4, 20],
  )
  // A drained warm-up would leave the first measured request alone.
  assert.ok(Math.min(...inFlight.slice(3, 20)) >= 2, inFlight.join())
  assert.ok(inFlight.length > 20, 'some requests more held the load')
})

test('shards of one host are told their clocks are one clock', async () => {
  const { measurement } = await measure({ load: { requests: 4 } })
  for (const { host, clock } of measurement.client.shards ?? []) {
    assert.equal(host, 'this machine')
    assert.ok(Math.abs(clock.offsetMs) <= clock.uncertaintyMs)
  }
})

test('an open loop split over processes sends every due time once', async () => {
  const level = { kind: 'rate', requestsPerS: 200, arrivals: { kind: 'poisson' } } as const
  const { measurement } = await measure({ load: { level, requests: 31, dataset: 31 } })
  assert.deepEqual(measurement.requests, { sent: 31, completed: 31, failed: 0 })
  assert.deepEqual(measurement.client.shards?.map(({ requests }) => requests).sort(), [15, 16])
})

test('a point that may take years by its requests’ deadlines is waited for all the same', async () => {
  const { measurement } = await measure({ load: { requests: 4, timeoutMs: 2_000_000_000 } })
  assert.equal(measurement.requests.completed, 4)
})

test('a load with one slot runs in one process', async () => {
  const { measurement } = await measure({ load: { level: { kind: 'concurrency', concurrency: 1 }, requests: 3 } })
  assert.equal(measurement.client.shards?.length, 1)
})

test('a shard that can’t be started fails the point with its host and its last words', async () => {
  const dying = await generatorOf({
    shards: {
      ...shards,
      count: 2,
      hosts: ['node-a', 'node-b'],
      launcher: ['sh', '-c', 'echo no such host {host} >&2; exit 255'],
    },
  })
  try {
    await assert.rejects(measure({ load: { requests: 4 } }, dying), {
      code: 'shard-lost',
      // Both fail; which one does first is the machine's to say.
      message:
        /shard (0 on node-(a)|1 on node-(b)) was lost: it exited with code 255; it last said: no such host node-(\2\3)/,
    })
  } finally {
    await dying.close()
  }
})

/** One shard that says a hello, and then nothing. */
async function measureWithHello(hello: Extract<FromShard, { kind: 'hello' }>): Promise<unknown> {
  const launcher = ['sh', '-c', `echo '${encode(hello)}'; exec sleep 60`, 'sh']
  const by = await generatorOf({ shards: { ...shards, count: 1, hosts: ['node-a'], launcher } })
  try {
    return await measure({ load: { requests: 4 } }, by)
  } finally {
    await by.close()
  }
}

const hello = { kind: 'hello', protocol, version: generatorVersion, hostname: hostname(), cores: 1 } as const

test('a shard of another Fulcrum is refused', async () => {
  await assert.rejects(measureWithHello({ ...hello, version: '0' }), {
    code: 'shard-lost',
    message: new RegExp(`shard 0 on node-a is of another Fulcrum \\(its generator is 0, ours ${generatorVersion}\\)`),
  })
})

test('an endpoint on this machine’s own address is refused to a shard on another', async () => {
  await assert.rejects(measureWithHello({ ...hello, hostname: 'elsewhere' }), {
    kind: 'environment',
    code: 'endpoint-out-of-reach',
    message: /The shard on node-a cannot reach http:\/\/127\.0\.0\.1/,
  })
})

/** Two shards that write down their process ids, as hosts `a` and `b`. */
async function traceable(silentMs?: number) {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-shards-'))
  const script = `echo Welcome; echo hello from {host} >&2; echo $$ > ${folder}/{host}; exec "$@"`
  const by = await generatorOf({
    shards: { ...shards, hosts: ['a', 'b'], launcher: ['sh', '-c', script, 'sh'] },
    ...(silentMs === undefined ? {} : { silentMs }),
  })
  return { by, pidOf: (host: string) => Number(readFileSync(join(folder, host), 'utf8')) }
}

const twoSeconds = { requests: undefined, durationS: 2 }

test('a shard that dies while it measures makes the point invalid; the others’ requests are kept', async () => {
  const { by, pidOf } = await traceable()
  try {
    const kill = once(() => process.kill(pidOf('b'), 'SIGKILL'))
    const { measurement } = await measure({ load: twoSeconds }, by, kill)
    const lost = judge(pointOf({ load: twoSeconds }), measurement).find(({ code }) => code === 'shard-lost')
    assert.equal(lost?.severity, 'invalid')
    assert.match(lost?.message ?? '', /shard 1 on b was lost: it was killed by SIGKILL; it last said: hello from b/)
    assert.ok(measurement.requests.completed > 0)
    assert.equal(measurement.client.shards?.[1]?.requests, null)
    const again = await measure({ load: { requests: 4 } }, by)
    assert.deepEqual(invalidating(again.measurement), [], 'the next point has a new shard')
  } finally {
    await by.close()
  }
})

test('a shard that stands still is given up, and ended', async () => {
  const { by, pidOf } = await traceable(1500)
  try {
    const stop = once(() => process.kill(pidOf('b'), 'SIGSTOP'))
    const { measurement } = await measure({ load: twoSeconds }, by, stop)
    assert.match(measurement.remarks?.[0]?.message ?? '', /nothing was heard from it for 1.5 s/)
  } finally {
    await by.close()
  }
  assert.throws(() => process.kill(pidOf('b'), 0), { code: 'ESRCH' })
})

test('an aborted point leaves no shard behind', async () => {
  const { by, pidOf } = await traceable()
  const abort = new AbortController()
  const running = measure({ load: twoSeconds }, by, () => abort.abort(new Error('enough')), abort.signal)
  await assert.rejects(running, /enough/)
  for (const host of ['a', 'b']) assert.throws(() => process.kill(pidOf(host), 0), { code: 'ESRCH' })
  await by.close()
})

/** Calls only once. */
function once(act: () => void): () => void {
  let done = false
  return () => {
    if (!done) act()
    done = true
  }
}

test('a window over shards waits until TTFT no longer falls for all of them together', async () => {
  await using scripted = await scriptedServer((socket, _, n) =>
    setTimeout(() => socket.write(answer(4)), 20 + Math.max(0, 100 - n)),
  )
  const level = { kind: 'concurrency', concurrency: 4 } as const
  const load = { level, requests: 100, warmup: 8, autoWarmup: { max: 40_000 }, dataset: 50 }
  const { measurement } = await measure({ load }, generator, undefined, undefined, scripted.url)
  assert.equal(measurement.warmUp?.reason, 'steady')
  assert.ok(measurement.warmUp.requests > 8, `${measurement.warmUp.requests} requests`)
  assert.equal(measurement.warmupRequests, measurement.warmUp.requests)
  assert.deepEqual(measurement.requests, { sent: 100, completed: 100, failed: 0 })
  assert.deepEqual(invalidating(measurement), [])
})
