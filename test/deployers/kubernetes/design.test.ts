import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { applyBody, designOf, designProblems, replicaFields } from '../../../src/deployers/kubernetes/design.ts'
import { readAt } from '../../../src/deployers/kubernetes/fields.ts'
import { castOf } from '../../../src/deployers/kubernetes/roles.ts'
import type { Deployment, EngineSettings } from '../../../src/model/index.ts'
import { deployment, disaggregated, manifestOf, v1alpha1, v1beta1 } from './manifests.ts'

function design(text: string, wanted: Deployment) {
  const manifest = manifestOf(text)
  const made = designOf(manifest, castOf(manifest, {}).cast, wanted)
  return { ...made, body: applyBody(manifest, [...replicaFields(made.pools), ...made.fields]) }
}

function problems(text: string, wanted: Deployment): readonly string[] {
  const manifest = manifestOf(text)
  return designProblems(manifest, castOf(manifest, {}).cast, wanted).map(
    ({ at, problem }) => `${at.line}:${at.column}: ${problem}`,
  )
}

const decode = (settings: EngineSettings) => deployment(disaggregated(1, 1), { decode: settings })

describe('a ratio', () => {
  test('is two numbers, and nothing else of the graph is applied', () => {
    assert.deepEqual(design(v1alpha1, deployment(disaggregated(2, 3))).body, {
      apiVersion: 'nvidia.com/v1alpha1',
      kind: 'DynamoGraphDeployment',
      metadata: { name: 'graph' },
      spec: { services: { prefill: { replicas: 2 }, decode: { replicas: 3 } } },
    })
  })

  test('is applied by component name in the newer shape', () => {
    const wanted = deployment(disaggregated(2, 3), {}, { prefill: 2, decode: 1, aggregated: 1 })
    assert.deepEqual(design(v1beta1, wanted).body.spec, {
      components: [
        { name: 'pre', replicas: 2 },
        { name: 'dec', replicas: 3 },
      ],
    })
  })

  test('scales pools that a topology does not have to nothing', () => {
    const text = `${v1alpha1}    both: { componentType: worker, replicas: 1 }\n`
    const { pools } = design(text, deployment({ kind: 'aggregated', workers: 2 }))
    assert.deepEqual(
      pools.map(({ role, replicas }) => [role, replicas]),
      [
        ['prefill', 0],
        ['decode', 0],
        ['aggregated', 2],
      ],
    )
  })

  test('of a role that the manifest does not have is refused by line', () => {
    assert.match(
      problems(v1alpha1, deployment({ kind: 'aggregated', workers: 1 })).join(),
      /^17:3: the DynamoGraphDeployment graph has no worker that both prefills and decodes$/,
    )
  })
})

describe('GPUs', () => {
  test('stay as they are when they agree with the sweep, pods of one worker counted together', () => {
    assert.deepEqual(design(v1alpha1, deployment(disaggregated(1, 1))).fields, [])
  })

  test('are set in limits and requests alike, shared between the pods of a worker', () => {
    const wanted = deployment(disaggregated(1, 1), {}, { prefill: 8, decode: 16, aggregated: 1 })
    const { body } = design(v1alpha1, wanted)
    assert.deepEqual(readAt(body, ['spec', 'services', 'prefill', 'resources']), {
      limits: { gpu: '8' },
      requests: { gpu: '8' },
    })
    assert.deepEqual(readAt(body, ['spec', 'services', 'decode', 'resources']), { limits: { gpu: '8' } })
  })

  test('that pods can’t share evenly are refused', () => {
    const wanted = deployment(disaggregated(1, 1), {}, { prefill: 4, decode: 5, aggregated: 1 })
    assert.match(problems(v1alpha1, wanted).join(), /decode has 2 pods a worker, which can't share 5 GPUs evenly/)
  })
})

describe('engine settings of TensorRT-LLM', () => {
  const { configMaps, body } = design(v1alpha1, decode({ max_batch_size: 64, free_gpu_memory_fraction: 0.9 }))
  const text = String(readAt(configMaps[0], ['data', 'decode.yaml']))

  test('go into a ConfigMap of their own, merged into the user’s with its comments', () => {
    assert.deepEqual(parse(text), {
      max_batch_size: 64,
      kv_cache_config: { dtype: 'fp8', free_gpu_memory_fraction: 0.9 },
    })
    assert.match(text, /# kept\n[\s\S]*# kept too/)
  })

  test('are mounted where the user’s were, other volumes kept', () => {
    const name = readAt(configMaps[0], ['metadata', 'name'])
    assert.match(String(name), /^decode-engine-fulcrum-[0-9a-f]{8}$/)
    assert.deepEqual(readAt(body, ['spec', 'services', 'decode', 'extraPodSpec']), {
      volumes: [
        { name: 'other', emptyDir: {} },
        { name: 'engine', configMap: { name } },
      ],
    })
  })

  test('give another ConfigMap when they differ, and the same one when they do not', () => {
    const nameOf = (size: number) =>
      readAt(design(v1alpha1, decode({ max_batch_size: size })).configMaps[0], ['metadata', 'name'])
    assert.equal(nameOf(1), nameOf(1))
    assert.notEqual(nameOf(1), nameOf(2))
  })

  test('are refused where no ConfigMap of the manifest is mounted', () => {
    const text = v1alpha1.replace('configMap: { name: decode-engine }', 'configMap: { name: elsewhere }')
    assert.match(problems(text, decode({ max_batch_size: 1 })).join(), /^26:5: decode reads its engine settings from/)
  })
})

describe('engine settings as arguments', () => {
  test('follow the manifest’s own: the last of a name wins', () => {
    const wanted = deployment(
      disaggregated(1, 1),
      { prefill: { max_running_requests: 9 } },
      { prefill: 2, decode: 1, aggregated: 1 },
    )
    const { body } = design(v1beta1, wanted)
    assert.deepEqual(readAt(body, ['spec', 'components', { name: 'pre' }, 'podTemplate', 'spec', 'containers']), [
      { name: 'main', args: ['--model', 'm', '--max-running-requests', '9'] },
    ])
  })

  test('are added to the line of a shell', () => {
    const { body } = design(v1alpha1, deployment(disaggregated(1, 1), { prefill: { max_num_seqs: 9 } }))
    assert.deepEqual(readAt(body, ['spec', 'services', 'prefill', 'extraPodSpec', 'mainContainer', 'args']), [
      'python3 -m dynamo.vllm --model m --disaggregation-mode prefill --max-num-seqs 9',
    ])
  })

  test('are refused for a script of several commands', () => {
    const text = v1alpha1.replace('"python3 -m dynamo.vllm', '"ulimit -n 9 && python3 -m dynamo.vllm')
    const wanted = deployment(disaggregated(1, 1), { prefill: { max_num_seqs: 9 } })
    assert.match(problems(text, wanted).join(), /prefill runs a script of several commands/)
  })
})

test('an applied body is YAML that says the same', () => {
  const { body } = design(v1alpha1, decode({ max_batch_size: 64 }))
  assert.deepEqual(parse(stringify(body)), body)
})
