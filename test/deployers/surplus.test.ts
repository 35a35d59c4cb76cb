// Test part: load

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import { workersRegistered } from '../../src/deployers/readiness.ts'
import type { RunningProcess } from '../../src/process/process.ts'

const running = {
  name: 'part',
  alive: () => true,
  exit: () => null,
  lastLines: () => [],
} as unknown as RunningProcess

/** Waits for one worker behind a frontend that lists these addresses; the deadline is far away. */
async function waitFor(addresses: (own: string) => readonly string[], surplusPatienceMs: number, limitS = 600) {
  const server = createServer((_, response) => {
    const own = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const instances = addresses(own).map(address => {
      return {
        component: 'backend',
        endpoint: 'generate',
        namespace: 'mine',
        transport: { tcp: `${address}/1/generate` },
      }
    })
    response.end(JSON.stringify({ instances }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const context = { signal: AbortSignal.timeout(60_000), onEvent() {} }
  const deadline = { limitS, startedAtMs: performance.now() }
  try {
    await workersRegistered([{ role: 'aggregated', process: running }], running, {
      ...{ url, deadline, context, label: 'agg x1', namespace: 'mine', surplusPatienceMs },
    })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

it('a worker that answers and was not started fails the deployment long before its deadline', async () => {
  await assert.rejects(
    waitFor(own => [own, own], 0),
    {
      code: 'workers-surplus',
      message:
        /^agg x1 has workers in its namespace mine that Fulcrum did not start: 2 of 1 aggregated workers registered; the worker at 127\.0\.0\.1:\d+ is registered twice/,
    },
  )
})

it('a lease that lingers is waited for until the deadline', async () => {
  await assert.rejects(
    waitFor(own => [own, '127.0.0.1:9'], 0, 1),
    { code: 'workers-surplus', message: /nobody listens at 127\.0\.0\.1:9: the lease of a worker that ended/ },
  )
})

it('a worker that leaves within the patience does not matter', async () => {
  let looks = 0
  await waitFor(own => (looks++ < 2 ? [own, own] : [own]), 60_000)
  assert.ok(looks > 2)
})
