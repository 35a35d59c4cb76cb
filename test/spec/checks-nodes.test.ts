import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { problems, sweepText } from './sweep-text.ts'

/** Line 3 is deploy, 4 topologies, 7 engine. */
function text(
  nodes: string,
  more = '',
  deploy = 'with: slurm, backend: dynamo.trtllm, head: 10.0.0.1, nodes: 8',
): string {
  return sweepText({
    deploy: `{ ${deploy}${deploy.includes('slurm') ? ', gpus_per_node: 8' : ''} }`,
    topologies: 'agg x1',
    load: '{ concurrency: 4 }',
    engine: `{ all: { nodes_per_worker: ${nodes}${more} } }`,
  })
}

async function refused(source: string, ...patterns: readonly RegExp[]): Promise<void> {
  const found = await problems(source)
  assert.equal(found.length, patterns.length, found.join('\n'))
  for (const [i, pattern] of patterns.entries()) assert.match(found[i] ?? '', pattern)
}

const vllmOrSglang = (engine: 'vllm' | 'sglang') => `with: slurm, backend: dynamo.${engine}, head: 10.0.0.1, nodes: 8`

describe('nodes_per_worker', () => {
  test('that share the GPUs of a worker evenly are taken, one node and lists included', async () => {
    for (const nodes of ['1', '2', '[1, 2, 4]']) {
      assert.deepEqual(await problems(text(nodes, ', tensor_parallel_size: 8')), [], nodes)
    }
  })

  for (const nodes of ['0', '-1', '1.5', 'two', 'true', '{ a: 1 }']) {
    test(`of ${nodes} is refused at its value, with what to write`, () =>
      refused(
        text(nodes, ', tensor_parallel_size: 8'),
        /^7:\d+: invalid nodes_per_worker .*; write a whole number from 1$/,
      ))
  }

  test('that can’t share the GPUs of a worker are refused with the sizes to change', () =>
    refused(
      text('3', ', tensor_parallel_size: 8'),
      /^7:\d+: the 3 nodes of an aggregated worker can’t share its 8 GPUs evenly; write a nodes_per_worker that divides 8, or change the parallel sizes$/,
    ))

  test('of a worker with a single GPU are refused in the singular', () =>
    refused(text('2', ', tensor_parallel_size: 1'), /can’t share its 1 GPU evenly; /))

  test('in a list are refused one by one, each at its own place', () =>
    refused(text('[1, 3, 5]', ', tensor_parallel_size: 8'), /^7:\d+: the 3 nodes of an/, /^7:\d+: the 5 nodes of an/))

  for (const deploy of ['with: simulated', 'with: attach, url: http://127.0.0.1:1, gpus: 8']) {
    test(`with a deployer that can't span nodes are refused, with a guide to those that can (${deploy})`, async () => {
      const found = await problems(text('2', '', deploy))
      assert.match(
        found.join('\n'),
        /^7:\d+: with: \w+ can’t start an aggregated worker on 2 nodes; remove nodes_per_worker, or use a deployer that can \(docs\/how-to\/multi-node-workers\.md\)$/m,
      )
    })
  }

  test('with an engine that runs on one node are refused', () =>
    refused(
      text('2', '', 'with: slurm, backend: dynamo.mocker, head: 10.0.0.1, nodes: 8, gpus_per_worker: 8'),
      /^7:\d+: nodes_per_worker of aggregated workers: Dynamo’s mocker runs on one node; remove nodes_per_worker, or run another engine$/i,
    ))

  for (const nodes of ['0', '3', 'two']) {
    test(`of ${nodes} are the only mistake, whatever fits on the nodes`, () =>
      refused(
        text(nodes, ', tensor_parallel_size: 8', 'with: slurm, backend: dynamo.vllm, head: 10.0.0.1, nodes: 1'),
        /nodes_per_worker/,
      ))
  }

  test('in an empty list are the only mistake', () => refused(text('[]'), /^7:\d+: nodes_per_worker is an empty list/))

  for (const [backend, setting, name] of [
    ['vllm', 'nnodes: 3', 'nnodes'],
    ['vllm', 'node_rank: 1', 'node_rank'],
    ['vllm', 'master_addr: 1.2.3.4', 'master_addr'],
    ['vllm', 'master_port: 9', 'master_port'],
    ['vllm', 'distributed_executor_backend: uni', 'distributed_executor_backend'],
    ['sglang', 'nnodes: 3', 'nnodes'],
    ['sglang', 'node_rank: 1', 'node_rank'],
    ['sglang', 'dist_init_addr: "a:1"', 'dist_init_addr'],
  ] as const) {
    test(`exclude ${setting} of ${backend}, which each rank is started with`, () =>
      refused(
        text('2', `, tensor_parallel_size: 8, ${setting}`, vllmOrSglang(backend)),
        new RegExp(`^7:\\d+: ${name} of aggregated workers is set when they start on their 2 nodes; remove it$`),
      ))
  }

  for (const executor of ['mp', 'ray']) {
    test(`leave the choice of ${executor} to the settings of vLLM`, async () => {
      const more = `, tensor_parallel_size: 8, distributed_executor_backend: ${executor}`
      assert.deepEqual(await problems(text('2', more, vllmOrSglang('vllm'))), [])
    })
  }

  test('exclude Ray for data parallel ranks, which meet without it', () =>
    refused(
      text('2', ', data_parallel_size: 8, distributed_executor_backend: ray', vllmOrSglang('vllm')),
      /^7:\d+: Fulcrum starts the 8 data parallel ranks of aggregated workers on several nodes without Ray; remove it$/,
    ))

  test('take the place of nnodes, in the engine section and in arguments', async () => {
    const wanted =
      /nnodes makes aggregated workers wait for .*; write nodes_per_worker: 2 in the engine section instead$/
    await refused(text('1', ', tensor_parallel_size: 8, nnodes: 2', vllmOrSglang('sglang')), wanted)
    await refused(text('1', ', tensor_parallel_size: 8', `${vllmOrSglang('vllm')}, args: { nnodes: 2 }`), wanted)
    const harmless = text('1', ', tensor_parallel_size: 8, nnodes: 1, master_port: 9', vllmOrSglang('vllm'))
    assert.deepEqual(await problems(harmless), [])
  })

  test('that are more than the nodes of the allocation are refused with the free GPUs of each', () =>
    refused(
      text('4', ', tensor_parallel_size: 32', 'with: slurm, backend: dynamo.trtllm, head: 10.0.0.1, nodes: 2'),
      /^\d+:\d+: agg x1: .*needs 4 nodes/,
    ))
})
