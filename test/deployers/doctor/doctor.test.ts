// Test part: process

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { examineMachine } from '../../../src/deployers/doctor/doctor.ts'
import { checkHost } from '../../../src/deployers/doctor/host.ts'
import { dynamo } from '../../../src/deployers/dynamo/index.ts'
import { builtInGenerator } from '../../../src/generators/built-in/index.ts'

it('a concurrency beyond the machine’s limits fails with a remedy', async () => {
  const checks = await checkHost(10_000_000)
  const failed = checks.filter(check => !check.ok).map(check => check.name)
  assert.ok(failed.includes('open files') && failed.includes('outgoing ports'), failed.join())
  assert.ok(checks.every(check => check.ok || check.remedy !== undefined))
})

it('what Dynamo lacks is told part by part', async () => {
  const checks = await examineMachine({
    deploy: dynamo.of({
      python: process.execPath,
      backend: 'dynamo.mocker',
      args: {},
      role_args: {},
      frontend_args: {},
      env: { HF_HOME: '/no/such/folder', HF_HUB_OFFLINE: '1' },
      nats: 'nats://127.0.0.1:1',
      etcd: 'http://127.0.0.1:1',
      ready_timeout: 1,
    }),
    model: 'org/model',
    generator: builtInGenerator.of({}),
    concurrency: 1,
  })
  const failed = checks.filter(check => !check.ok).map(check => check.name)
  assert.deepEqual(failed.sort(), ['backend', 'dynamo', 'etcd', 'model', 'nats'])
})
