import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deployOf } from '../../src/spec/deploy-of.ts'
import { read } from './sweep-text.ts'

const text = `
name: mixed
model: nvidia/DeepSeek-R1-FP4
deploy: { with: dynamo, backend: dynamo.mocker }
topologies: [agg x1]
variants:
  mocked: {}
  real: { deploy: { backend: dynamo.trtllm } }
workloads: [256/16]
load: { concurrency: 1 }
`

test('a deployment is deployed with its variant’s configuration, so its engine is known by that', async () => {
  const sweep = await read(text)
  const engines = sweep.deployments.map(deployment => [
    deployment.variant,
    deployOf(sweep, deployment).workers().engine,
  ])
  assert.deepEqual(engines, [
    ['mocked', 'mocker'],
    ['real', 'trtllm'],
  ])
  assert.equal(deployOf(sweep, {}).workers().engine, 'mocker')
})
