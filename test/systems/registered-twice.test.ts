import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { DynamoConfig } from '../../src/deployers/dynamo/config.ts'
import { dynamoDeployer } from '../../src/deployers/dynamo/dynamo.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { aggregated, deployment, dynamoVersions, mocker, model, startedPids, watch } from './dynamo-deployment.ts'

/** Deploys one aggregated worker, and hands the deployer to `use`. */
async function deployed(
  change: Partial<DynamoConfig>,
  use: (deployer: ReturnType<typeof dynamoDeployer>, context: ReturnType<typeof watch>) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-twice-'))
  const ledger = await openLedger({ runFolder: folder, folder: join(folder, 'ledger') })
  const deployer = dynamoDeployer({ ...mocker, ...change }, { model: model.name, runFolder: folder, ledger })
  try {
    await use(deployer, watch(AbortSignal.timeout(200_000)))
  } finally {
    await deployer.close()
    ledger.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Registers a worker in etcd beside those that are there, as a killed one leaves itself behind. */
async function leaveBehind(etcdUrl: string, address: string): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const post = async (path: string, body: object) =>
    (await fetch(`${etcdUrl}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })).json()
  const prefix = 'v1/instances/'
  const range = { key: base64(prefix), range_end: base64('v1/instances0') }
  const { kvs } = (await post('kv/range', range)) as { kvs: { key: string; value: string }[] }
  const text = (encoded: string) => Buffer.from(encoded, 'base64').toString()
  const found = kvs.find(({ key }) => text(key).includes('/generate/'))
  const [, id = ''] = /\/([0-9a-f]+)$/.exec(text(found?.key ?? '')) ?? assert.fail('no worker is registered')
  // One more than the worker's own: the same length, and nobody's.
  const other = (BigInt(`0x${id}`) + 1n).toString(16)
  const value = text(found?.value ?? '')
    .replace(`"instance_id":${BigInt(`0x${id}`)}`, `"instance_id":${BigInt(`0x${other}`)}`)
    .replace(/"tcp":"[^/]+\//, `"tcp":"${address}/`)
    .replaceAll(id, other)
  await post('kv/put', { key: base64(text(found?.key ?? '').replace(id, other)), value: base64(value) })
}

async function etcdOf(pid: number | undefined): Promise<string> {
  const variables = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
  return /^ETCD_ENDPOINTS=(.*)$/.exec(variables.find(one => one.startsWith('ETCD_ENDPOINTS=')) ?? '')?.[1] ?? ''
}

it('a worker that registers twice fails the deployment, which says where it is', async () => {
  const env = { ...mocker.env, PYTHONPATH: join(import.meta.dirname, 'stand-ins') }
  await deployed(
    { python: dynamoVersions[1].python, backend: 'registers_twice', env, ready_timeout: 35 },
    async (deployer, context) => {
      await assert.rejects(deployer.reconcile(deployment(aggregated(1)), context), {
        code: 'workers-surplus',
        message:
          /^agg x1 has workers in its namespace fulcrum-[0-9a-f]+ that Fulcrum did not start: 2 of 1 aggregated workers registered; the worker at 127\.0\.0\.1:\d+ is registered twice; registered workers that answer: 127\.0\.0\.1:\d+$/,
      })
    },
  )
})

for (const { version, python } of dynamoVersions) {
  describe(`with Dynamo ${version}`, () => {
    it('a registration that a worker leaves behind is told by the check after a point', async () => {
      await deployed({ python }, async (deployer, context) => {
        await deployer.reconcile(deployment(aggregated(1)), context)
        assert.deepEqual(await deployer.check(context.signal), [])
        // Nothing listens on the port of the discard service here.
        await leaveBehind(await etcdOf(startedPids(context.events)['aggregated-0']), '127.0.0.1:9')
        const said = await untilSaid(() => deployer.check(context.signal))
        assert.equal(said[0], '2 of 1 aggregated workers registered')
        assert.equal(said[1], 'nobody listens at 127.0.0.1:9: the lease of a worker that ended has not run out')
      })
    })
  })
}

/** Discovery tells the frontend in its own time. */
async function untilSaid(check: () => Promise<readonly string[]>): Promise<readonly string[]> {
  for (let i = 0; i < 300; i++) {
    const said = await check()
    if (said.length > 0) return said
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  return assert.fail('nothing was said')
}
