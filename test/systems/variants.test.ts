import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { DynamoConfig } from '../../src/deployers/dynamo/config.ts'
import { dynamoDeployer } from '../../src/deployers/dynamo/dynamo.ts'
import type { Deployment } from '../../src/model/index.ts'
import { argumentsOf } from '../../src/process/proc.ts'
import { disaggregated, dynamoVersions, mocker } from './dynamo-deployment.ts'
import { oneDeployment } from './one-deployment.ts'

const policy = (name: string) => ({
  ...{ ...mocker, python: dynamoVersions[1].python },
  frontend_args: { 'router-mode': 'kv', 'router-policy-config': join(import.meta.dirname, 'policies', name) },
})

const variants: { readonly [name: string]: DynamoConfig } = {
  'round-robin': mocker,
  kv: { ...mocker, frontend_args: { 'router-mode': 'kv' } },
  tokens: { ...mocker, role_args: { prefill: { 'max-num-batched-tokens': 2048 } } },
  newer: { ...mocker, python: dynamoVersions[1].python },
  guessing: policy('guessing.yaml'),
  unfinished: policy('unfinished.yaml'),
}

describe('variants on a real Dynamo', () => {
  const configOf = ({ variant = '' }: Deployment) => variants[variant] ?? assert.fail(`no variant ${variant}`)
  const real = oneDeployment(place => dynamoDeployer(mocker, { ...place, configOf }))
  const { pidOf } = real
  const become = (variant: string) => real.become(disaggregated(1, 1), {}, variant)

  const infrastructure = async () => {
    const content = JSON.parse(await readFile(join(real.folder, 'ledger', `${real.ledger.id}.json`), 'utf8'))
    const named = content.processes.filter(({ name }: { name: string }) => name === 'nats' || name === 'etcd')
    return named.map(({ pid }: { pid: number }) => pid).sort()
  }

  it('another router restarts the frontend alone: the workers are the same processes, and serve', async () => {
    await become('round-robin')
    const before = { prefill: pidOf('prefill-0'), decode: pidOf('decode-0'), frontend: pidOf('frontend') }
    const { started, stopped, workersStarted, workersStopped } = await become('kv')
    assert.deepEqual([started, stopped, workersStarted, workersStopped], [['frontend'], ['frontend'], 0, 0])
    for (const name of ['prefill-0', 'decode-0'] as const)
      assert.equal(pidOf(name), before[name === 'prefill-0' ? 'prefill' : 'decode'])
    process.kill(before.prefill, 0)
    process.kill(before.decode, 0)
    assert.notEqual(pidOf('frontend'), before.frontend)
    assert.match((await argumentsOf(pidOf('frontend'))).join(' '), /--router-mode kv/)
    assert.deepEqual(await real.check(), [])
  })

  it('an argument of a role restarts that role, and the frontend when its flags differ, too', async () => {
    await become('round-robin')
    const decode = pidOf('decode-0')
    const { started, stopped } = await become('tokens')
    assert.deepEqual([started, stopped], [['prefill-0'], ['prefill-0']])
    assert.equal(pidOf('decode-0'), decode)
    assert.match((await argumentsOf(pidOf('prefill-0'))).join(' '), /--max-num-batched-tokens 2048/)
  })

  it('another version of Dynamo restarts everything but NATS and etcd, and serves', async () => {
    const before = await infrastructure()
    const { started, stopped } = await become('newer')
    assert.deepEqual(
      [started, stopped],
      [
        ['decode-0', 'frontend', 'prefill-0'],
        ['decode-0', 'frontend', 'prefill-0'],
      ],
    )
    assert.deepEqual(await infrastructure(), before)
    for (const name of ['decode-0', 'frontend', 'prefill-0'])
      assert.equal((await argumentsOf(pidOf(name)))[0], dynamoVersions[1].python)
    assert.deepEqual(await real.check(), [])
  })

  it('a router policy file of 1.6 restarts the frontend alone, and one that it refuses is told in its words', async () => {
    const { started, stopped } = await become('guessing')
    assert.deepEqual([started, stopped], [['frontend'], ['frontend']])
    assert.deepEqual(await real.check(), [])
    await assert.rejects(become('unfinished'), /frontend.*policy_classes\[0\]: missing field `quantum`/s)
  })
})
