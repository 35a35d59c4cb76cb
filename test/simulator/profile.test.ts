import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { parseNpz } from '../../scripts/profile/npz.ts'
import { FulcrumError } from '../../src/model/index.ts'
import { costModel } from '../../src/simulator/cost.ts'
import { loadProfile, parseProfile } from '../../src/simulator/profile.ts'
import { settingsProblems, workerSettings } from '../../src/simulator/settings.ts'
import { profile } from './profile-under-test.ts'

const folder = new URL('../../profiles/', import.meta.url)
const isBadInput = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof FulcrumError && error.kind === 'bad-input' && error.code === code && words.test(error.message)

describe('the shipped profile', () => {
  test('holds the measured tables that it was made from, to 0.1 µs', async () => {
    const arrays = parseNpz(await readFile(new URL('deepseek-r1-fp4-gb200-tp4ep4.npz', folder)))
    const table = profile.tables.find(candidate => !candidate.enableAttentionDp)
    const pairs = [
      ['prefill_isl', table?.prefill.x],
      ['prefill_ttft_ms', table?.prefill.y],
      ['decode_active_kv_tokens', table?.decode.rows],
      ['decode_context_length', table?.decode.columns],
      ['decode_itl', table?.decode.z],
    ] as const
    for (const [name, got] of pairs) {
      const measured = arrays.get(name)?.values ?? []
      assert.equal(got?.length, measured.length, name)
      for (const [index, value] of measured.entries()) assert.ok(Math.abs(value - (got?.[index] ?? 0)) <= 5e-5, name)
    }
  })
  test('states source and licence', () => {
    assert.match(profile.source, /aiconfigurator-core 0\.12\.0/)
    assert.equal(profile.licence, 'Apache-2.0')
  })
})

describe('a profile file', () => {
  test('that is not there is named', async () => {
    await assert.rejects(loadProfile('h100-of-dreams'), isBadInput('profile-not-found', /h100-of-dreams/))
  })
  test('names the version of Dynamo to follow, the newest unless it does', async () => {
    const text = await readFile(new URL('deepseek-r1-fp4-gb200.yaml', folder), 'utf8')
    assert.equal(parseProfile(text, 'x.yaml').dynamo, '1.6.1')
    assert.equal(parseProfile(`dynamo: 1.4.2\n${text}`, 'x.yaml').dynamo, '1.4.2')
    assert.throws(() => parseProfile(`dynamo: 1.5.0\n${text}`, 'x.yaml'), isBadInput('profile-invalid', /dynamo/))
  })
  test('with missing and wrong fields is refused with all of them', () => {
    const text = 'name: x\nmodel: y\nkv_cache: { bytes_per_token: -1 }\n'
    assert.throws(
      () => parseProfile(text, 'x.yaml'),
      isBadInput('profile-invalid', /kv_cache\.bytes_per_token.*tables/s),
    )
  })
})

describe('engine settings', () => {
  test('that the model lacks are refused by name', () => {
    const problems = settingsProblems(
      'decode',
      { max_batch_size: 8, cuda_graph_config: { enable_padding: true } },
      profile,
    )
    assert.equal(problems.length, 1)
    assert.match(problems[0]?.wrong ?? '', /engine\.decode\.cuda_graph_config\.enable_padding is not modeled/)
  })
  test('outside the measured parallelism are refused', () => {
    assert.throws(
      () => workerSettings('prefill', { tensor_parallel_size: 8 }, profile),
      isBadInput('engine-setting', /tensor_parallel_size must be 4/),
    )
  })
  test('are read flat and nested', () => {
    const settings = { max_batch_size: 7, kv_cache_config: { free_gpu_memory_fraction: 0.5, max_tokens: 3200 } }
    const { maxBatchSize, freeGpuMemoryFraction, maxKvTokens } = workerSettings('decode', settings, profile)
    assert.deepEqual([maxBatchSize, freeGpuMemoryFraction, maxKvTokens], [7, 0.5, 3200])
  })
  test('of memory decide the KV blocks', () => {
    const blocks = (settings: Parameters<typeof workerSettings>[1]) =>
      costModel(profile, workerSettings('decode', settings, profile)).kvBlocks
    assert.equal(blocks({ kv_cache_config: { max_tokens: 3200 } }), 100)
    const half = blocks({ free_gpu_memory_fraction: 0.4 })
    assert.ok(Math.abs(blocks({ free_gpu_memory_fraction: 0.8 }) - 2 * half) <= 1)
  })
})
