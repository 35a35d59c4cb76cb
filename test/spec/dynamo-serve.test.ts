import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { FulcrumError } from '../../src/model/index.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import { sweepText } from './sweep-text.ts'

const graph = join(import.meta.dirname, '../systems/dynamo-serve-graph')
const configs = 'graph/configs/deepseek_r1'
let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fulcrum-dynamo-serve-'))
})
beforeEach(async () => {
  await rm(join(folder, 'graph'), { recursive: true, force: true })
  await cp(graph, join(folder, 'graph'), { recursive: true })
})
after(() => rm(folder, { recursive: true, force: true }))

async function edit(file: string, from: string | RegExp, to: string): Promise<void> {
  const text = await readFile(join(folder, file), 'utf8')
  assert.notEqual(text.replace(from, to), text)
  await writeFile(join(folder, file), text.replace(from, to))
}

/** Loads a sweep over the graph; resolves with its problems, the folder left out. */
async function problems(more = '', sections: { readonly [section: string]: string } = {}): Promise<readonly string[]> {
  const deploy = `{ with: dynamo-serve, workdir: graph${more} }`
  const file = join(folder, 's.yaml')
  await writeFile(file, sweepText({ deploy, topologies: '[agg x1, 1P1D]', ...sections }))
  try {
    await loadSweep(file)
    return []
  } catch (error) {
    if (!(error instanceof FulcrumError)) throw error
    assert.equal(error.kind, 'bad-input')
    return error.message.replaceAll(`${folder}/`, '').split('\n')
  }
}

describe('a sweep over the guide’s `dynamo serve`', () => {
  test('is right with the guide’s names alone', async () => {
    assert.deepEqual(await problems(), [])
  })

  test('takes the GPUs of a worker from the service configuration', async () => {
    await edit(`${configs}/disagg.yaml`, /gpu: 4\n$/, 'gpu: 2\n')
    assert.deepEqual(await problems(), [])
    const { deployments } = await loadSweep(join(folder, 's.yaml'))
    assert.deepEqual(deployments[0]?.gpusPerWorker, { prefill: 2, decode: 4, aggregated: 4 })
  })

  test('has other points when an engine file that only another file names has other content', async () => {
    const idsOf = async () => {
      assert.deepEqual(await problems(), [])
      return (await loadSweep(join(folder, 's.yaml'))).deployments.map(({ id }) => id)
    }
    const before = await idsOf()
    assert.deepEqual(await idsOf(), before)
    await edit(`${configs}/disagg_llm_api_config.yaml`, 'max_num_tokens: 8192', 'max_num_tokens: 16384')
    assert.equal((await idsOf()).filter(id => before.includes(id)).length, 0)
  })

  test('refuses a section that Dynamo would ignore', async () => {
    await edit(`${configs}/agg.yaml`, 'Frontend:', 'Frontnd:')
    const [problem] = await problems()
    assert.match(problem ?? '', /^graph\/configs\/deepseek_r1\/agg\.yaml:1:1: Dynamo would ignore Frontnd: /)
  })

  test('refuses a configuration without a role’s service', async () => {
    await edit(`${configs}/disagg.yaml`, /TensorRTLLMPrefillWorker:[\s\S]*/, '')
    assert.deepEqual(await problems(), [
      `${configs}/disagg.yaml:1:1: there is no TensorRTLLMPrefillWorker, the service of prefill workers; add its section`,
    ])
  })

  test('refuses a decode worker that would read prompts itself', async () => {
    await edit(`${configs}/disagg.yaml`, 'remote-prefill: true', 'remote-prefill: false')
    assert.deepEqual(await problems(), [
      `${configs}/disagg.yaml:6:1: TensorRTLLMWorker has no remote-prefill: true, so it would read prompts itself; add it`,
    ])
  })

  test('refuses an engine file that is not there, by the line that names it', async () => {
    await edit(`${configs}/agg.yaml`, 'agg_llm_api_config', 'gone')
    assert.deepEqual(await problems(), [
      `${configs}/agg.yaml:7:3: there is no ${configs}/gone.yaml; write a path from graph`,
    ])
  })

  test('refuses an engine file without a role’s section', async () => {
    await edit(`${configs}/disagg_llm_api_config.yaml`, 'context_servers', 'context_server')
    assert.deepEqual(await problems(), [
      `${configs}/disagg_llm_api_config.yaml:1:1: context_servers does not exist, but prefill workers read it; add it`,
    ])
  })

  test('refuses a file that is no YAML, by its line', async () => {
    await edit(`${configs}/agg.yaml`, 'port: 8000', 'port: [8000')
    const [problem] = await problems()
    assert.match(problem ?? '', /^graph\/configs\/deepseek_r1\/agg\.yaml:\d+:\d+: invalid YAML: /)
  })

  test('misses a default file only for topologies that need it', async () => {
    await rm(join(folder, configs, 'disagg.yaml'))
    assert.deepEqual(await problems('', { topologies: '[agg x1]' }), [])
    assert.deepEqual(await problems(), [
      `${configs}/disagg.yaml:1:1: this file does not exist, but disaggregated topologies need it; name it in deploy.configs.disaggregated`,
    ])
  })

  test('refuses a service that its module does not have, by the sweep file’s line', async () => {
    assert.deepEqual(await problems(', workers: { prefill: "components.prefill_worker:PrefillWorker" }'), [
      `${configs}/disagg.yaml:1:1: there is no PrefillWorker, the service of prefill workers; add its section`,
      's.yaml:3:58: graph/components/prefill_worker.py has no service PrefillWorker; write module:Service with the names in that file',
    ])
  })

  test('refuses a workload that does not fit a role’s section of the engine file', async () => {
    await edit(`${configs}/disagg_llm_api_config.yaml`, 'max_num_tokens: 256', 'max_seq_len: 300')
    assert.match((await problems('', { workloads: '[200/200]' }))[0] ?? '', /max_seq_len of decode workers is 300/)
  })

  test('refuses KV caches of two kinds, by the engine file’s line', async () => {
    await edit(`${configs}/disagg_llm_api_config.yaml`, /kv_cache_dtype: fp8\n$/, 'kv_cache_dtype: auto\n')
    const [problem] = await problems()
    assert.match(problem ?? '', /disagg_llm_api_config\.yaml:18:21: the KV cache dtype is "fp8" in prefill and "auto"/)
  })

  test('refuses parallel sizes that make other GPUs than a worker has', async () => {
    assert.deepEqual(await problems(', gpus_per_worker: 2', { topologies: '[agg x1]' }), [
      `${configs}/agg_llm_api_config.yaml:3:23: the parallel sizes of aggregated workers need 4 GPUs, but gpus_per_worker is 2; write gpus_per_worker: 4 for aggregated, or remove it`,
    ])
  })

  test('refuses more GPUs than there are', async () => {
    assert.deepEqual(await problems(', gpus: [0, 1, 2, 3]'), [
      's.yaml:3:53: 1P1D: it needs 8 GPUs, and deploy.gpus lists 4; list more GPUs, or exclude the topology with max_gpus',
    ])
  })

  test('refuses a script that would delete other workers’ registrations', async () => {
    await mkdir(join(folder, 'graph/utils'))
    await writeFile(join(folder, 'graph/utils/clear_namespace.py'), '')
    assert.match((await problems()).join('\n'), /^s\.yaml:3:\d+: with graph\/utils\/clear_namespace\.py, each/)
  })

  test('refuses settings that there is no file for, and ones that the engine does not know', async () => {
    await edit(`${configs}/agg.yaml`, /engine_args.*\n/, 'router: round-robin\n')
    const engine = '{ aggregated: { max_batch_size: [64] } }'
    assert.deepEqual(await problems('', { engine }), [
      `${configs}/agg.yaml:6:1: TensorRTLLMWorker names no engine file to write settings into; give it engine_args`,
    ])
    assert.match(
      (await problems('', { engine: '{ decode: { max_batch: 1 } }' }))[0] ?? '',
      /unknown setting 'max_batch' /,
    )
  })
})
