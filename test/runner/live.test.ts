// Test part: load

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { runStatus } from '../../src/commands/status.ts'
import type { LoadProgress } from '../../src/generators/generator.ts'
import type { Live } from '../../src/journal/live.ts'
import type { Point } from '../../src/model/index.ts'
import { liveOf, tokenRate } from '../../src/runner/live.ts'
import { watchServer } from '../../src/telemetry/server-metrics.ts'
import { scratchRun } from './run-in-scratch.ts'
import { endpoint, measurementOf, scriptedGenerator, smallPlan } from './small-system.ts'

const seen = { inFlight: 3, tokens: 800, failed: 1, ttftMs: { p50: 10, p95: 20 }, itlMs: null }
const nothing = { recent: {}, window: {} }
const at = { pid: 1, at: '2026-11-24T12:00:00.000Z', elapsedS: 2, tokensPerS: null, server: nothing, gpus: [] }

test('a run shows the point in flight beside its journal, and takes it away before the point is recorded', async () => {
  const plan = smallPlan([1])
  await using run = await scratchRun(plan)
  const shown: (Live | null)[] = []
  const afterwards: boolean[] = []
  const isThere = async () => (await readdir(run.folder)).includes('.live.json')
  const generator = scriptedGenerator(async (point, { onProgress }) => {
    onProgress({ phase: 'measuring', done: 7, total: 10, soFar: seen })
    const deadline = Date.now() + 60_000
    let live: Live | null = null
    while (live === null && Date.now() < deadline) {
      await wait(20)
      live = (await runStatus({ folder: run.folder, resultsRoot: run.folder })).live
    }
    shown.push(live)
    return measurementOf(point)
  })
  const told: Promise<boolean>[] = []
  await run.attempt({
    generator,
    onProgress: ({ step }) => {
      if (step === 'measured') told.push(isThere())
    },
  })
  afterwards.push(...(await Promise.all(told)), await isThere())
  assert.equal(shown.length, 3)
  for (const [i, live] of shown.entries()) {
    assert.equal(live?.point.id, plan.deployments[i]?.points[0]?.id)
    assert.deepEqual([live?.done, live?.inFlight, live?.failed, live?.seenBy], [7, 3, 1, 'generator'])
  }
  assert.deepEqual(new Set(afterwards), new Set([false]))
  const { live, state } = await runStatus({ folder: run.folder, resultsRoot: run.folder })
  assert.deepEqual([live, state], [null, 'complete'])
})

test('tokens/s are those of the last five seconds', () => {
  const rate = tokenRate()
  assert.equal(rate(null, 0), null)
  assert.equal(rate(0, 0), null)
  assert.equal(rate(500, 1000), 500)
  for (let s = 2; s <= 10; s++) rate(500, 1000 * s)
  assert.equal(rate(500, 11_000), 0)
})

describe('a point whose generator tells only at its end', () => {
  const [point] = smallPlan([1]).deployments[2]?.points ?? []
  assert.ok(point !== undefined)
  const progress: LoadProgress = { phase: 'measuring', done: 0, total: 10 }

  test('shows nothing of the load where the server has no page', () => {
    const live = liveOf(point, progress, at)
    assert.deepEqual(
      [live.done, live.inFlight, live.outputTokensPerS, live.ttftMs, live.itlMs, live.failed, live.seenBy],
      [null, null, null, null, null, null, null],
    )
  })

  test('shows what its server’s pages show: means since the window began, and queues of each role', async () => {
    const [live, warming] = await seenOnPages(point, progress, ['measuring', 'warm-up'])
    assert.ok(live !== undefined && warming !== undefined)
    assert.equal(live.seenBy, 'server')
    // Ten first tokens took 2 s together, whatever was before.
    assert.deepEqual(live.ttftMs, { mean: 200, p50: null, p95: null })
    assert.equal(live.inFlight, 4)
    assert.deepEqual(live.roles, [{ role: 'decode', waiting: 6, running: 4, kvCache: 0.5 }])
    // Requests before the window are not the point's: their latency is not shown.
    assert.deepEqual([warming.ttftMs, warming.inFlight, warming.roles], [null, 4, live.roles])
  })
})

/** A frontend's and a worker's page, looked at twice. */
async function seenOnPages(point: Point, progress: LoadProgress, phases = [progress.phase]): Promise<readonly Live[]> {
  const reads = { frontend: 0, worker: 0 }
  const server = createServer((request, response) => {
    const isFrontend = request.url === '/frontend'
    const n = isFrontend ? ++reads.frontend : ++reads.worker
    const first = Math.min(n, 3)
    const text = isFrontend
      ? `# TYPE dynamo_frontend_time_to_first_token_seconds histogram
dynamo_frontend_time_to_first_token_seconds_sum ${first < 3 ? 50 : 52}
dynamo_frontend_time_to_first_token_seconds_count ${first < 3 ? 100 : 110}
# TYPE dynamo_frontend_inflight_requests gauge
dynamo_frontend_inflight_requests 4
# TYPE dynamo_request_plane_inflight_requests gauge
dynamo_request_plane_inflight_requests 4
# TYPE dynamo_frontend_worker_last_time_to_first_token_seconds gauge
dynamo_frontend_worker_last_time_to_first_token_seconds{worker_id="1"} 30
`
      : `# TYPE trtllm:num_requests_running gauge
trtllm:num_requests_running 4
# TYPE trtllm:num_requests_waiting gauge
trtllm:num_requests_waiting ${first < 3 ? 1 : 6}
# TYPE trtllm:kv_cache_usage_perc gauge
trtllm:kv_cache_usage_perc 0.5
`
    response.writeHead(200, { 'content-type': 'text/plain' }).end(text)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const url = `http://127.0.0.1:${address.port}`
  const metricsUrls = { frontend: `${url}/frontend`, 'decode-0': `${url}/worker` }
  const watch = watchServer({ ...endpoint, metricsUrls }, () => performance.now())
  try {
    watch.begin()
    const deadline = Date.now() + 60_000
    for (;;) {
      const server = watch.now()
      const live = liveOf(point, progress, { ...at, server })
      const isFull = live.ttftMs?.mean === 200 && live.roles[0]?.waiting === 6
      if (isFull || Date.now() > deadline)
        return phases.map(phase => liveOf(point, { ...progress, phase }, { ...at, server }))
      await wait(20)
    }
  } finally {
    await watch[Symbol.asyncDispose]()
    server.closeAllConnections()
    server.close()
  }
}
