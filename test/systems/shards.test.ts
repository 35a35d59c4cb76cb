import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { LoadGenerator } from '../../src/generators/generator.ts'
import { sharded } from '../../src/generators/shards/sharded.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import { judge, statusOf } from '../../src/metrics/validity.ts'
import { endpointOf, type PointChanges, pointOf } from '../generators/built-in/setting.ts'
import { type MockServer, startMock } from '../mock-server/start.ts'
import { createHosts, type Hosts, noHosts } from './shards/hosts.ts'
import { until } from './until.ts'

/** Seconds that the monotonic clock of `south` is ahead of `north`'s and ours. */
const aheadS = 5000

/** Not warnings: how well a busy host's clock is known is no matter of what is tested. */
const invalidating = ({ remarks = [] }: Measurement) => remarks.filter(({ severity }) => severity === 'invalid')

describe('shards on hosts of their own, over ssh', { skip: noHosts() }, () => {
  let hosts: Hosts
  let server: MockServer
  let generator: LoadGenerator
  let runFolder: string
  before(async () => {
    hosts = await createHosts({ north: 0, south: aheadS })
    server = await startMock({ ttftMs: 20, itlMs: 2, tokens: 8 }, hosts.address)
    runFolder = await mkdtemp(join(tmpdir(), 'fulcrum-shards-'))
    generator = sharded({
      cacheFolder: join(tmpdir(), 'fulcrum-test-lexicons'),
      runFolder,
      threads: 1,
      silentMs: 8000,
      shards: { count: 2, hosts: ['north', 'south'], launcher: 'ssh', launcherArgs: ['-F', hosts.sshConfig] },
    })
  })
  after(async () => {
    await generator?.close()
    await server?.[Symbol.asyncDispose]()
    await hosts?.[Symbol.asyncDispose]()
    if (runFolder !== undefined) await rm(runFolder, { recursive: true, force: true })
  })

  const measure = (changes: PointChanges, onMeasuring = () => {}) =>
    generator.measure(pointOf(changes), endpointOf(server.url), {
      signal: AbortSignal.timeout(60_000),
      folder: join(runFolder, 'points', 'p'),
      onProgress: ({ phase }) => {
        if (phase === 'measuring') onMeasuring()
      },
    })
  const shardsOn = (host: string) => hosts.processes(host).filter(line => line.endsWith('fulcrum.js shard'))

  test('two hosts load one endpoint as one would, started together by clocks hours apart', async () => {
    const load = { level: { kind: 'concurrency', concurrency: 6 }, requests: 60, warmup: 12, dataset: 72 } as const
    const measurement = await measure({ load })
    assert.deepEqual(measurement.requests, { sent: 60, completed: 60, failed: 0 })
    assert.equal(measurement.totals.outputTokens, 60 * 4)
    assert.deepEqual(invalidating(measurement), [])
    const seen = await server.truth()
    // Some more hold the load until both parts are measured, and never more at once.
    assert.ok(seen.requests >= 72, `${seen.requests}`)
    assert.equal(measurement.warmupRequests, 12)
    assert.equal(seen.maxInFlight, 6)
    // Started by the wrong clock, the parts would lie hours apart.
    assert.ok(measurement.durationS < aheadS / 2)
    const [north, south] = measurement.client.shards ?? []
    assert.deepEqual([north?.host, south?.host], ['north', 'south'])
    assert.deepEqual([north?.requests, south?.requests], [30, 30])
    for (const [shard, truthMs] of [
      [north, 0],
      [south, aheadS * 1000],
    ] as const) {
      const { offsetMs = Number.NaN, uncertaintyMs = 0 } = shard?.clock ?? {}
      assert.ok(Math.abs(offsetMs - truthMs) <= uncertaintyMs, `${offsetMs} ± ${uncertaintyMs} isn't ${truthMs}`)
    }
    assert.deepEqual([shardsOn('north').length, shardsOn('south').length], [1, 1])
  })

  test('a host cut off in the middle of a point makes it invalid by name, and its shard ends by itself', async () => {
    const changes = { load: { requests: undefined, durationS: 4, graceS: 1 } }
    let cut = false
    const measurement = await measure(changes, () => {
      if (!cut) hosts.cut('south')
      cut = true
    })
    const findings = judge(pointOf(changes), measurement)
    assert.equal(statusOf(findings), 'invalid')
    const lost = findings.find(({ code }) => code === 'shard-lost')
    assert.match(lost?.message ?? '', /^shard 1 on south was lost: nothing was heard from it for 8 s/)
    assert.ok(measurement.requests.completed > 0, 'what the other host measured is kept')
    assert.equal(shardsOn('south').length, 1, 'the shard has not heard of it yet')
    // A shard that hears nothing ends after 20 s.
    await until(() => shardsOn('south').length === 0, 80_000)
    assert.deepEqual(shardsOn('south'), [])
  })

  test('a host out of reach fails a point in the words of ssh, and nothing is left on the others', async () => {
    await assert.rejects(measure({ load: { requests: 4 } }), {
      code: 'shard-lost',
      message: /^shard 1 on south was lost: it exited with code 255; it last said: ssh: connect to host .*/,
    })
    await gone('north')
  })

  async function gone(host: string): Promise<void> {
    await until(() => shardsOn(host).length === 0)
    assert.deepEqual(shardsOn(host), [])
  }
})
