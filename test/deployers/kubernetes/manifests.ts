import assert from 'node:assert/strict'
import { type Manifest, parseManifest } from '../../../src/deployers/kubernetes/manifest.ts'
import type { EngineSettings, Role, Topology } from '../../../src/model/index.ts'
import { contentId, type Deployment } from '../../../src/model/index.ts'

/** A manifest that must be right. */
export function manifestOf(text: string): Manifest {
  const { manifest, problems } = parseManifest(text, 'm.yaml')
  assert.deepEqual(problems, [])
  assert.ok(manifest !== null)
  return manifest
}

/** What is wrong with a manifest, as messages show it. */
export function problemsOf(text: string): readonly string[] {
  return parseManifest(text, 'm.yaml').problems.map(
    ({ at, problem, right }) => `${at.line}:${at.column}: ${problem}; ${right}`,
  )
}

/** A frontend, a prefill and a decode pool in the older shape, with an engine ConfigMap of the decode pool. */
export const v1alpha1 = `
apiVersion: v1
kind: ConfigMap
metadata: { name: decode-engine }
data:
  decode.yaml: |
    # kept
    max_batch_size: 8
    kv_cache_config:
      dtype: fp8 # kept too
      free_gpu_memory_fraction: 0.7
---
apiVersion: nvidia.com/v1alpha1
kind: DynamoGraphDeployment
metadata: { name: graph, namespace: llm }
spec:
  services:
    Frontend: { componentType: frontend, replicas: 1 }
    prefill:
      componentType: worker
      subComponentType: prefill
      replicas: 1
      resources: { limits: { gpu: "4" }, requests: { gpu: "4" } }
      extraPodSpec:
        mainContainer: { command: [/bin/sh, -c], args: ["python3 -m dynamo.vllm --model m --disaggregation-mode prefill"] }
    decode:
      componentType: worker
      subComponentType: decode
      replicas: 2
      multinode: { nodeCount: 2 }
      resources: { limits: { gpu: "4" } }
      extraPodSpec:
        volumes:
          - { name: other, emptyDir: {} }
          - { name: engine, configMap: { name: decode-engine } }
        mainContainer:
          command: [python3, -m, dynamo.trtllm]
          args: [--extra-engine-args, /config/decode.yaml, --disaggregation-mode, decode]
          volumeMounts: [{ name: engine, mountPath: /config }]
`

/** The newer shape: a list of components. */
export const v1beta1 = `
apiVersion: nvidia.com/v1beta1
kind: DynamoGraphDeployment
metadata: { name: graph }
spec:
  components:
    - { name: front, type: frontend, replicas: 1 }
    - name: pre
      type: prefill
      replicas: 1
      podTemplate:
        spec:
          containers:
            - { name: side, image: x }
            - name: main
              command: [python3, -m, dynamo.sglang]
              args: [--model, m]
              resources: { limits: { nvidia.com/gpu: 2 } }
    - name: dec
      type: decode
      replicas: 1
      podTemplate:
        spec: { containers: [{ name: main, command: [python3, -m, dynamo.sglang], args: [--model, m] }] }
`

export function deployment(
  topology: Topology,
  engine: { readonly [role in Role]?: EngineSettings } = {},
  gpusPerWorker: Deployment['gpusPerWorker'] = { prefill: 4, decode: 8, aggregated: 1 },
): Deployment {
  const content = { topology, model: { name: 'm', tokenizer: 'builtin:deepseek-v3' }, engine, gpusPerWorker }
  return { id: contentId(content), ...content }
}

export const disaggregated = (prefill: number, decode: number): Topology => ({ kind: 'disaggregated', prefill, decode })
