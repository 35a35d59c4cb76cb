import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { planSweep } from '../../src/plan/plan.ts'
import { sweepOf } from '../../src/spec/load-sweep.ts'
import { disk } from '../../src/yaml/files.ts'
import { filesOf, sweepText } from './sweep-text.ts'

const root = join(import.meta.dirname, '../..')

/** Files beside the sweep, and the real ones of the repository that deployers read by themselves. */
const files = (() => {
  const beside = (path: string) => join(root, path)
  const made = filesOf({
    [beside('engine.yaml')]: 'cache_transceiver_config: { backend: DEFAULT }',
    [beside('ssh.conf')]: 'User me',
    [beside('kube.yaml')]: 'apiVersion: v1',
    [beside('venv/python')]: '',
  })
  const isReal = (path: string) => path.startsWith(beside('test/')) || path.startsWith(beside('sweeps/'))
  return {
    ...made,
    kind: (path: string) => (isReal(path) ? disk.kind(path) : made.kind(path)),
    text: (path: string) => (isReal(path) ? disk.text(path) : made.text(path)),
    fingerprint: (path: string) => `sha-of ${path.slice(path.lastIndexOf('/') + 1)}`,
  }
})()

/** As a sweep file writes `deploy`; every key at least once, so that each is known to count or not to count. */
const written: { readonly [deployer: string]: readonly string[] } = {
  simulated: ['{ with: simulated }', '{ with: simulated, profile: deepseek-r1-fp4-gb200, gpus_per_worker: 2 }'],
  attach: [
    '{ with: attach, url: "http://127.0.0.1:8000", gpus: 8 }',
    '{ with: attach, url: "http://h:1/v1", gpus: 8, api_key_env: KEY, dialect: vllm, gpus_per_worker: 4 }',
  ],
  dynamo: [
    '{ with: dynamo, backend: dynamo.vllm }',
    '{ with: dynamo, backend: dynamo.trtllm, python: ./venv/python, args: { a: 1, extra-engine-args: ./engine.yaml }, role_args: { decode: { b: [x, y] } }, frontend_args: { router-mode: kv }, env: { A: 1, B: true }, nats: "nats://h:1", etcd: "http://h:2", http_port: 9000, ready_timeout: 20m, gpus: [0, 1, 2, 3], gpus_per_worker: 1 }',
    '{ with: dynamo, backend: dynamo.vllm, head: 10.0.0.1, nodes: [n1, { name: n2, address: 10.0.0.2, gpus: 2 }], ssh: { config: ./ssh.conf, options: { Port: 22 } }, container: { image: i, runtime: podman, args: [-v], python: py }, gpus_per_worker: { prefill: 1, decode: 1 } }',
  ],
  slurm: [
    '{ with: slurm, backend: dynamo.vllm, head: 10.0.0.1, nodes: 4 }',
    '{ with: slurm, backend: dynamo.vllm, head: 10.0.0.1, nodes: 2, gpus_per_node: 4, partition: p, account: a, time: "1:00:00", queue_timeout: 5m, salloc_args: [-x], srun_args: [-y], keep_slurm_variables: true, gpus_per_worker: 1 }',
  ],
  kubernetes: [
    '{ with: kubernetes, manifest: sweeps/kubernetes/deepseek-r1.yaml }',
    '{ with: kubernetes, manifest: sweeps/kubernetes/deepseek-r1.yaml, services: { frontend: Frontend }, kubeconfig: ./kube.yaml, context: c, namespace: n, url: "http://h:8000", api_key_env: KEY, on_exit: keep, ready_timeout: 10m }',
  ],
  'dynamo-serve': [
    '{ with: dynamo-serve, workdir: test/systems/dynamo-serve-graph, gpus: [0, 1, 2, 3, 4, 5, 6, 7] }',
    '{ with: dynamo-serve, workdir: test/systems/dynamo-serve-graph, dynamo: ./venv/python, configs: { aggregated: configs/deepseek_r1/agg.yaml }, graphs: { aggregated: "graphs.agg:Frontend" }, workers: { decode: "components.worker:TensorRTLLMWorker" }, env: { A: 1 }, nats: "nats://h:1", etcd: "http://h:2", http_port: 9000, ready_timeout: 1m, head: 10.0.0.1, slurm: { nodes: 2, gpus_per_node: 4, account: a, time: "1:00:00", queue_timeout: 5m, partition: p }, container: { image: i, workdir: /w, dynamo: d } }',
    '{ with: dynamo-serve, workdir: test/systems/dynamo-serve-graph, head: 10.0.0.1, nodes: [{ name: n, gpus: 8 }], ssh: { options: { Port: 22 } } }',
  ],
}

/** Ids that a sweep over one deployer has: of its deployment, and of its point. They stand in the runs of the past. */
async function idsOf(deploy: string): Promise<readonly string[]> {
  const text = sweepText({ deploy, topologies: '[1P1D]', load: '{ concurrency: [4] }' })
  const sweep = await sweepOf({ text, path: join(root, 's.yaml'), shown: 's.yaml', options: { files } })
  return planSweep(sweep).deployments.flatMap(({ deployment, points }) => [
    deployment.id,
    ...points.map(({ id }) => id),
  ])
}

/** Of commit a10491d. */
const pinned: { readonly [deployer: string]: readonly (readonly string[])[] } = {
  simulated: [
    ['df95ec644649', 'db969a324b34'],
    ['6f1cf71cdb07', '616fe21cc34b'],
  ],
  attach: [
    ['cf6f11452fe2', 'd8dd1b9df6c7'],
    ['48bb60634a0a', '3cacc2e54c6d'],
  ],
  dynamo: [
    ['3b86ddc8c429', 'c7053a633bc0'],
    ['a1ffe4e0ca76', '1c5eee4bab62'],
    ['39dd94709696', '2724a2ed06a9'],
  ],
  slurm: [
    ['4e416e9c5673', 'e1fa45bd5f82'],
    ['5efdd7c5e453', 'e36f6ebf5eed'],
  ],
  kubernetes: [
    ['5e86a858734a', 'c94ff4c652d5'],
    ['9001db05f749', '768530c6929c'],
  ],
  'dynamo-serve': [
    ['e2f1d50680c8', '6a66567edede'],
    ['4fa96aed6d1b', '28b50ae75e88'],
    ['cb9b77439ada', '372e68b4a894'],
  ],
}

describe('the ids of a sweep stay what they were, with', () => {
  for (const [deployer, texts] of Object.entries(written)) {
    test(deployer, async () => {
      const ids = await Promise.all(texts.map(idsOf))
      assert.deepEqual(ids, pinned[deployer])
    })
  }
})
