import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Measurement } from '../../src/metrics/measurement.ts'
import { draftsOfRandomWords } from '../../src/runner/observed-workers.ts'
import { deployOf } from '../../src/spec/deploy-of.ts'
import { filesOf, read, sweepText } from './sweep-text.ts'

const mtp = 'speculative_config: { decoding_type: MTP, num_nextn_predict_layers: 3 }'

/** Warnings about drafts of a sweep over so-called workers; workloads are on line 5. */
async function told(
  sections: { readonly [section: string]: string },
  files: { readonly [path: string]: string } = {},
): Promise<readonly string[]> {
  const { warnings } = await read(sweepText({ topologies: 'agg x1', ...sections }), filesOf(files))
  return warnings.filter(warning => warning.includes('speculatively'))
}
const dynamo = (backend: string, more = '') => `{ with: dynamo, backend: dynamo.${backend}${more} }`

describe('speculative decoding with random prompts', () => {
  const cases: readonly [engine: string, deploy: string, engineSection: string][] = [
    ['TensorRT-LLM', dynamo('trtllm'), `{ all: { ${mtp} } }`],
    ['vLLM', dynamo('vllm'), '{ all: { speculative_config: { method: mtp, num_speculative_tokens: 1 } } }'],
    ['SGLang', dynamo('sglang'), '{ all: { speculative_algorithm: EAGLE } }'],
    ['the simulated engine', '{ with: simulated, acceptance: 0.7 }', `{ all: { ${mtp} } }`],
  ]
  for (const [engine, deploy, section] of cases) {
    test(`is warned of at the workload, for ${engine}`, async () => {
      const [warning, ...others] = await told({ deploy, engine: section })
      assert.match(
        warning ?? 'no warning',
        /^s\.yaml:5:\d+: aggregated workers decode speculatively, but the prompts of 8000\/256 are random words: .*; give the workload a dataset/,
      )
      assert.deepEqual(others, [])
    })
  }

  test('is found in arguments, in JSON and with dots, and in engine files', async () => {
    for (const args of [
      `speculative-config: '{"method": "ngram", "num_speculative_tokens": 4}'`,
      'speculative-config.num_speculative_tokens: 4',
    ])
      assert.equal((await told({ deploy: dynamo('vllm', `, args: { ${args} }`) })).length, 1, args)
    const deploy = dynamo('trtllm', ', args: { extra-engine-args: ./engine.yaml }')
    const files = { '/sweeps/engine.yaml': 'speculative_config:\n  decoding_type: MTP\n' }
    assert.equal((await told({ deploy }, files)).length, 1)
  })

  test('is warned of for each such workload once, whatever variants and roles there are', async () => {
    const found = await told({
      deploy: '{ with: simulated, acceptance: 0.7 }',
      workloads: '[100/10, 200/20]',
      variants: `{ off: {}, one: { engine: { all: { ${mtp.replace('3', '1')} } } }, three: { engine: { all: { ${mtp} } } } }`,
    })
    assert.deepEqual(
      new Set(found.map(warning => /prompts of (\S+)/.exec(warning)?.[1])),
      new Set(['100/10', '200/20']),
    )
  })

  test('is not warned of where it is off, where prompts are of a dataset, or where nothing is generated', async () => {
    const trtllm = { deploy: dynamo('trtllm'), engine: `{ all: { ${mtp} } }` }
    assert.deepEqual(await told({ deploy: dynamo('trtllm') }), [])
    assert.deepEqual(await told({ ...trtllm, engine: '{ all: { speculative_config: null } }' }), [])
    assert.deepEqual(await told({ deploy: dynamo('sglang'), engine: '{ all: { speculative_algorithm: NONE } }' }), [])
    const rows = { '/sweeps/p.jsonl': '{"prompt":"a b c"}\n' }
    assert.deepEqual(await told({ ...trtllm, workloads: '{ dataset: p.jsonl, isl: 3, osl: 5 }' }, rows), [])
  })
})

describe('a point whose prompts are random words', () => {
  async function findings(
    sections: { readonly [section: string]: string },
    speculation?: Measurement['speculation'],
    files: { readonly [path: string]: string } = {},
  ) {
    const sweep = await read(sweepText({ topologies: 'agg x1', ...sections }), filesOf(files))
    const [deployment, workload, load] = [sweep.deployments[0], sweep.workloads[0], sweep.loads[0]]
    assert.ok(deployment !== undefined && workload !== undefined && load !== undefined)
    const point = { deployment, workload, load }
    return draftsOfRandomWords(point, { speculation }, deployOf(sweep, deployment)).map(({ code }) => code)
  }
  const told = ['speculation-random-prompts']
  const drafted = { by: 'counters', rate: 0.1, length: 1.3 } as const

  test('is marked by the settings of its workers, in the engine section and in arguments', async () => {
    const args = `, args: { speculative-config: '{"method": "ngram"}' }`
    assert.deepEqual(await findings({ deploy: dynamo('trtllm'), engine: `{ aggregated: { ${mtp} } }` }), told)
    assert.deepEqual(await findings({ deploy: dynamo('vllm', args) }), told)
    assert.deepEqual(await findings({ deploy: dynamo('vllm') }), [])
  })

  test('is marked where only the workers’ metrics tell of drafts', async () => {
    assert.deepEqual(await findings({ deploy: dynamo('vllm') }, drafted), told)
  })

  test('is not where prompts are of a dataset', async () => {
    const rows = { '/sweeps/p.jsonl': '{"prompt":"a b c"}\n' }
    const workloads = '{ dataset: p.jsonl, isl: 3, osl: 5 }'
    assert.deepEqual(await findings({ deploy: dynamo('vllm'), workloads }, drafted, rows), [])
  })
})
