// Test part: process

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { examineMachine } from '../../../src/deployers/doctor/doctor.ts'
import { dynamoServe } from '../../../src/deployers/dynamo-serve/index.ts'
import { builtInGenerator } from '../../../src/generators/built-in/index.ts'
import { config } from './config.ts'

it('what `dynamo serve` lacks is told part by part', async () => {
  const checks = await examineMachine({
    deploy: dynamoServe.of({
      ...config,
      dynamo: '/no/such/dynamo',
      nats: 'nats://127.0.0.1:1',
      etcd: 'http://127.0.0.1:1',
    }),
    generator: builtInGenerator.of({}),
    concurrency: 1,
  })
  const failed = checks.filter(check => !check.ok)
  const names = failed.map(({ name }) => name)
  for (const name of ['dynamo', 'uvicorn, h11', 'nats', 'etcd']) assert.ok(names.includes(name), name)
  assert.ok(failed.every(({ remedy }) => remedy !== undefined))
})
