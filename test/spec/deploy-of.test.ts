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

test('what is written for a deployment is its variant’s', async () => {
  const sweep = await read(
    text.replace(
      'real: { deploy: { backend: dynamo.trtllm } }',
      'kv: { deploy: { frontend_args: { router-mode: kv } } }',
    ),
  )
  const written = sweep.deployments.map(deployment => {
    const files = deployOf(sweep, deployment).files({ deployment, model: deployment.model.name, folder: '/tmp/x' })
    return [deployment.variant, files?.files.some(({ content }) => /router-mode['"]? ['"]?kv/.test(content))]
  })
  assert.deepEqual(written, [
    ['mocked', false],
    ['kv', true],
  ])
})
