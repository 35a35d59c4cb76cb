import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parse, stringify } from 'yaml'
import type { ComponentKeys } from '../../../src/deployers/kubernetes/config.ts'
import { kubernetesParts } from '../../../src/deployers/kubernetes/configured.ts'
import {
  applyBody,
  designOf,
  designProblems,
  fieldsBack,
  nodesAsked,
  replicaFields,
} from '../../../src/deployers/kubernetes/design.ts'
import { fieldText, readAt } from '../../../src/deployers/kubernetes/fields.ts'
import { castOf } from '../../../src/deployers/kubernetes/roles.ts'
import { type Deployment, type EngineSettings, roles } from '../../../src/model/index.ts'
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
    assert.match(problems(v1alpha1, wanted).join(), /decode has 2 pods per worker, which cannot share 5 GPUs evenly/)
  })
})

describe('nodes of a worker', () => {
  const spread = (nodes: number, gpus: number) =>
    deployment(
      disaggregated(1, 1),
      { decode: { nodes_per_worker: nodes } },
      { prefill: 4, decode: gpus, aggregated: 1 },
    )

  test('are the manifest’s when the sweep asks for as many, and Fulcrum’s setting goes into no engine', () => {
    const { fields, configMaps } = design(v1alpha1, spread(2, 8))
    assert.deepEqual([fields, configMaps], [[], []])
  })

  test('are written where each shape has them, with the GPUs of one pod', () => {
    const { body } = design(v1alpha1, spread(4, 32))
    assert.deepEqual(readAt(body, ['spec', 'services', 'decode']), {
      resources: { limits: { gpu: '8' } },
      multinode: { nodeCount: 4 },
      replicas: 1,
    })
    const prefill = deployment(
      disaggregated(1, 1),
      { prefill: { nodes_per_worker: 2 } },
      { prefill: 4, decode: 1, aggregated: 1 },
    )
    const { body: newer } = design(v1beta1, prefill)
    assert.deepEqual(readAt(newer, ['spec', 'components', { name: 'pre' }, 'multinode']), { nodeCount: 2 })
  })

  test('meet over Ray only where the operator is told to: its own choice would win over the argument', () => {
    const overRay = (nodes: number) =>
      deployment(
        disaggregated(1, 1),
        { prefill: { nodes_per_worker: nodes, distributed_executor_backend: 'ray' } },
        { prefill: 4 * nodes, decode: 8, aggregated: 1 },
      )
    const annotation = '{ nvidia.com/vllm-distributed-executor-backend: ray }'
    assert.deepEqual(problems(v1alpha1, overRay(1)), [])
    assert.match(
      problems(v1alpha1, overRay(2)).join(),
      /^\d+:\d+: Dynamo’s operator starts the ranks of prefill as it chooses, whatever the engine settings say$/,
    )
    for (const told of [
      v1alpha1.replace('namespace: llm }', `namespace: llm, annotations: ${annotation} }`),
      v1alpha1.replace('subComponentType: prefill', `subComponentType: prefill\n      annotations: ${annotation}`),
    ]) {
      assert.notEqual(told, v1alpha1)
      assert.deepEqual(problems(told, overRay(2)), [])
    }
  })

  test('go from the manifest when a worker is to run on one', () => {
    const { fields, pools } = design(v1alpha1, spread(1, 4))
    assert.deepEqual(fields, [{ path: ['spec', 'services', 'decode', 'multinode'], value: undefined }])
    assert.deepEqual(
      pools.map(({ role, nodes }) => [role, nodes]),
      [
        ['prefill', 1],
        ['decode', 1],
      ],
    )
  })

  test('another number of them starts the workers of every role anew in the plan', () => {
    assert.deepEqual(nodesAsked(spread(2, 8)), [['decode', 2]])
    assert.equal(nodesAsked(deployment(disaggregated(1, 1))), null)
  })
})

describe('rules of Dynamo’s definition', () => {
  const one = deployment(disaggregated(1, 1), {}, { prefill: 2, decode: 1, aggregated: 1 })
  const withDecode = (more: string) => v1beta1.replace('- name: dec\n', `- name: dec\n${more}`)
  const sidecar = (policy: string) =>
    withDecode('      dynamoSidecar: runtime\n').replace(
      'spec: { containers: [{ name: main, command: [python3, -m, dynamo.sglang], args: [--model, m] }] }',
      `spec: { initContainers: [{ name: runtime${policy} }], containers: [{ name: main, command: [python3, -m, dynamo.sglang] }] }`,
    )

  test('refuse fewer workers than minAvailable by its line, and let a pool be empty', () => {
    const text = withDecode('      minAvailable: 2\n')
    assert.deepEqual(problems(text, one), [
      '20:7: dec has minAvailable 2, more than the 1 worker of a topology, which Dynamo rejects',
    ])
    assert.deepEqual(problems(text, { ...one, topology: disaggregated(1, 2) }), [])
  })

  test('refuse a runtime sidecar that is missing, that ends, or whose worker has several nodes', () => {
    assert.match(
      problems(withDecode('      dynamoSidecar: runtime\n'), one).join(),
      /no init container named "runtime"/,
    )
    assert.match(problems(sidecar(''), one).join(), /init container runtime, would end before its engine starts/)
    assert.deepEqual(problems(sidecar(', restartPolicy: Always'), one), [])
    const wide = { ...one, engine: { decode: { nodes_per_worker: 2 } } }
    assert.match(problems(sidecar(', restartPolicy: Always'), wide).join(), /not support for a worker on 2 nodes/)
  })

  test('refuse components of a group, which scale as one', () => {
    const groups = '  experimental: { componentGroups: [{ name: both, replicas: 1, components: [{ name: pre }] }] }\n'
    assert.match(problems(`${v1beta1}${groups}`, one).join(), /^\d+:\d+: pre belongs to the component group both/)
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

describe('what a variant changes', () => {
  const one = deployment(disaggregated(1, 1), {}, { prefill: 4, decode: 8, aggregated: 1 })
  const beta = deployment(disaggregated(1, 1), {}, { prefill: 2, decode: 1, aggregated: 1 })
  const changed = (text: string, config: ComponentKeys, wanted = one) => {
    const manifest = manifestOf(text)
    const { cast } = castOf(manifest, {})
    const made = designOf(manifest, cast, wanted, config)
    const misfits = designProblems(manifest, cast, wanted, config)
    return { ...made, body: applyBody(manifest, made.fields), misfits: misfits.map(({ problem }) => problem) }
  }
  const services = (text: string, config: ComponentKeys) =>
    Object.keys((readAt(changed(text, config).body, ['spec', 'services']) ?? {}) as object).sort()

  test('is nothing without keys that change components', () => {
    const { fields, misfits } = changed(v1alpha1, {})
    assert.deepEqual([fields, misfits], [[], []])
  })

  test('of the frontend names the frontend alone, and gives one without a command the operator’s own', () => {
    const { body, frontend, pools } = changed(v1alpha1, { frontend_args: { 'router-mode': 'kv' } })
    assert.deepEqual(readAt(body, ['spec']), {
      services: {
        Frontend: {
          extraPodSpec: {
            mainContainer: { command: ['python3'], args: ['-m', 'dynamo.frontend', '--router-mode', 'kv'] },
          },
        },
      },
    })
    const plain = changed(v1alpha1, {})
    assert.notEqual(frontend?.signature, plain.frontend?.signature)
    assert.deepEqual(
      pools.map(({ signature }) => signature),
      plain.pools.map(({ signature }) => signature),
    )
  })

  test('of a role names that role alone', () => {
    assert.deepEqual(services(v1alpha1, { role_args: { decode: { x: 1 } } }), ['decode'])
    assert.deepEqual(services(v1alpha1, { role_env: { prefill: { A: '1' } } }), ['prefill'])
    assert.deepEqual(services(v1alpha1, { frontend_env: { A: '1' } }), ['Frontend'])
    assert.deepEqual(services(v1alpha1, { args: { x: 1 } }), ['decode', 'prefill'])
    assert.deepEqual(services(v1alpha1, { env: { A: '1' } }), ['Frontend', 'decode', 'prefill'])
    assert.deepEqual(services(v1alpha1, { image: 'runtime:2' }), ['decode', 'prefill'])
    assert.deepEqual(services(v1alpha1, { frontend_image: 'runtime:2' }), ['Frontend'])
  })

  test('leaves a pool alone that the topology empties', () => {
    const text = `${v1alpha1}    both: { componentType: worker, replicas: 1 }\n`
    assert.equal(readAt(changed(text, { env: { A: '1' } }).body, ['spec', 'services', 'both']), undefined)
  })

  test('stands before engine settings in one list of arguments', () => {
    const manifest = manifestOf(v1alpha1)
    const wanted = deployment(disaggregated(1, 1), { prefill: { max_num_seqs: 9 } })
    const made = designOf(manifest, castOf(manifest, {}).cast, wanted, { args: { 'block-size': 16 } })
    const at = ['spec', 'services', 'prefill', 'extraPodSpec', 'mainContainer', 'args']
    assert.deepEqual(readAt(applyBody(manifest, made.fields), at), [
      'python3 -m dynamo.vllm --model m --disaggregation-mode prefill --block-size 16 --max-num-seqs 9',
    ])
  })

  test('sets a variable over the manifest’s own, other variables kept', () => {
    const text = v1beta1.replace(
      'command: [python3, -m, dynamo.sglang]\n',
      'command: [python3, -m, dynamo.sglang]\n              env: [{ name: A, valueFrom: { fieldRef: { fieldPath: x } } }, { name: B, value: "2" }]\n',
    )
    const { body } = changed(text, { env: { A: '1' } }, beta)
    const container = [{ name: 'pre' }, 'podTemplate', 'spec', 'containers', { name: 'main' }, 'env']
    assert.deepEqual(readAt(body, ['spec', 'components', ...container]), [
      { name: 'B', value: '2' },
      { name: 'A', value: '1' },
    ])
  })

  test('replaces the backend in each worker’s command, and settings take the new one’s form', () => {
    const manifest = manifestOf(v1beta1)
    const wanted = { ...beta, engine: { prefill: { max_num_seqs: 9 } } }
    const made = designOf(manifest, castOf(manifest, {}).cast, wanted, { backend: 'dynamo.vllm' })
    const containers = (name: string) =>
      readAt(applyBody(manifest, made.fields), ['spec', 'components', { name }, 'podTemplate', 'spec', 'containers'])
    assert.deepEqual(containers('pre'), [
      { name: 'main', command: ['python3', '-m', 'dynamo.vllm'], args: ['--model', 'm', '--max-num-seqs', '9'] },
    ])
    assert.deepEqual(containers('dec'), [{ name: 'main', command: ['python3', '-m', 'dynamo.vllm'] }])
  })

  test('is refused where Dynamo lets nobody change the framework', () => {
    const text = v1beta1.replace('spec:\n', 'spec:\n  backendFramework: sglang\n')
    assert.match(changed(text, { backend: 'dynamo.vllm' }, beta).misfits.join(), /backendFramework is sglang/)
    assert.deepEqual(changed(text, { backend: 'dynamo.sglang' }, beta).misfits, [])
  })

  test('goes back to what the manifest has, or to nothing, in the next variant', () => {
    const manifest = manifestOf(v1beta1)
    const { cast } = castOf(manifest, {})
    const [kv, plain] = [{ frontend_args: { 'router-mode': 'kv' }, args: { x: 1 } }, {}].map(config =>
      designOf(manifest, cast, beta, config),
    )
    const back = fieldsBack(manifest, kv ?? assert.fail(), plain ?? assert.fail())
    assert.deepEqual(
      back.map(({ path, value }) => [fieldText(path), value]),
      [
        ['.spec.components[name="front"].podTemplate.spec.containers[name="main"].command', undefined],
        ['.spec.components[name="front"].podTemplate.spec.containers[name="main"].args', undefined],
        ['.spec.components[name="pre"].podTemplate.spec.containers[name="main"].args', ['--model', 'm']],
        ['.spec.components[name="dec"].podTemplate.spec.containers[name="main"].args', ['--model', 'm']],
      ],
    )
  })

  test('counts as a part in the plan: the frontend for its flags, a role for its own', () => {
    const parts = (config: ComponentKeys) => kubernetesParts(config)
    const plain = parts({})
    const kv = parts({ frontend_args: { 'router-mode': 'kv' } })
    assert.deepEqual(kv.workers, plain.workers)
    assert.notDeepEqual(kv.frontend, plain.frontend)
    const decoding = parts({ role_env: { decode: { A: '1' } } })
    assert.deepEqual([decoding.frontend, decoding.workers.prefill], [plain.frontend, plain.workers.prefill])
    assert.notDeepEqual(decoding.workers.decode, plain.workers.decode)
    assert.deepEqual(
      parts({ args: { x: 1 } }),
      parts({ role_args: Object.fromEntries(roles.map(role => [role, { x: 1 }])) }),
    )
  })
})
