import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { aiconfiguratorPriors } from '../../src/analysis/priors/aiconfigurator.ts'
import { readPriors } from '../../src/commands/priors.ts'
import { topologyLabel } from '../../src/model/index.ts'
import { believedOrder, withBeliefs } from '../../src/plan/believed.ts'
import { planSweep } from '../../src/plan/plan.ts'
import { adaptive } from '../../src/search/adaptive.ts'
import { repository, temporaryFolder } from '../cli/fulcrum.ts'
import { read, sweepText } from '../spec/sweep-text.ts'

const written = join(import.meta.dirname, '../analysis/priors/aiconfigurator')
const priors = aiconfiguratorPriors(await readFile(join(written, 'disagg/pareto.csv'), 'utf8'), 'disagg/pareto.csv')
const plan = planSweep(
  await read(
    sweepText({
      topologies: '[1P1D, 3P1D, 1P3D, agg x2]',
      load: '{ concurrency: [1, 16, 64, 128] }',
      slo: '{ ttft_p95_ms: 2000, itl_p95_ms: 25 }',
      search: 'adaptive',
    }),
  ),
)
const first = (of: typeof plan) => {
  const deployment = adaptive(of).deployment([])?.deployment
  return deployment === undefined ? null : topologyLabel(deployment.topology)
}

describe('an adaptive search with beliefs', () => {
  test('begins with what aiconfigurator would deploy', () => {
    assert.equal(first(withBeliefs(plan, priors)), '3P1D')
    assert.notEqual(first(plan), '3P1D')
  })
  test('has the points that it has without', () => {
    const believed = withBeliefs(plan, priors)
    assert.deepEqual(believed.deployments, plan.deployments)
    assert.equal(believedOrder(plan, priors).length, plan.pointCount)
  })
  test('goes on from a journal as it would without: beliefs end where measurements begin', () => {
    const nothing = withBeliefs(plan, [])
    assert.equal(first(nothing), first(plan))
  })
})

describe('folders of beliefs', () => {
  const model = 'nvidia/DeepSeek-R1-FP4'
  test('are what aiconfigurator wrote, a run of the model, or a folder of runs', async () => {
    assert.equal((await readPriors([written], model)).length, 56)
    const ofRun = await readPriors([join(repository, 'results/baseline/quick')], model)
    assert.ok(ofRun.length > 0 && ofRun.every(({ source }) => source.startsWith('run quick/')))
    assert.deepEqual(await readPriors([join(repository, 'results')], model).then(found => found.length > 0), true)
  })
  test('are what aisimulate predict wrote, with the one configuration that lies beside it', async () => {
    await using folder = await temporaryFolder()
    const { path } = folder
    await writeFile(join(path, 'prediction.json'), '{"summary":{"output_throughput_tok_s":160,"mean_itl_ms":20}}')
    await assert.rejects(readPriors([path], model), /prediction\.json: it does not say what was predicted/)
    const config = `traffic:
  source: { type: synthetic, input_tokens: 1024, output_tokens: 128 }
  load: { type: concurrency, concurrency: 4 }
engine: { workers: { aggregated: { parallelism: { replicas: 2, tensor: 1 } } } }
`
    await writeFile(join(path, 'config.yaml'), config)
    const [prior, ...more] = await readPriors([path], model)
    assert.deepEqual([prior?.tokensPerSPerGpu, prior?.load, more], [80, { kind: 'concurrency', value: 4 }, []])
    await writeFile(join(path, 'other.yml'), config)
    await assert.rejects(readPriors([path], model), /does not say what was predicted/)
  })
  test('are refused when they hold nothing of the model', async () => {
    await assert.rejects(readPriors([join(repository, 'docs')], model), /docs has no predictions for /)
    await assert.rejects(
      readPriors([join(repository, 'results/baseline/quick')], 'other/model'),
      /has no predictions for/,
    )
  })
})
