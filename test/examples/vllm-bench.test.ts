import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type * as Command from '../../examples/plugins/vllm-bench/command.ts'
import type * as Result from '../../examples/plugins/vllm-bench/result.ts'
import { importFrom } from '../../src/spec/import-module.ts'
import { endpointAt, programPoint } from '../generators/programs/program-point.ts'

const folder = join(import.meta.dirname, '../../examples/plugins/vllm-bench')

/** A module of the plug-in, whose `fulcrum` is this checkout as it is for a sweep beside it. */
async function moduleOf<T>(file: string): Promise<T> {
  const imported = await importFrom(file, folder)
  if ('error' in imported) throw imported.error
  return imported.exports as T
}

const { benchArguments } = await moduleOf<typeof Command>('./command.ts')
const { readResult, requestsOf } = await moduleOf<typeof Result>('./result.ts')

const places = { prompts: '/p.jsonl', tokenizer: '/t', folder: '/f' }
const after = (args: readonly string[], flag: string) => args[args.indexOf(flag) + 1]

describe('the command of the plug-in vllm-bench', () => {
  const commandOf = (
    load: Parameters<typeof programPoint>[1],
    dialect: 'dynamo-1' | 'dynamo-0.3' | 'openai' = 'dynamo-1',
  ) => benchArguments(programPoint('vllm-bench', load), endpointAt('http://h:1/llm', dialect), places)

  test('holds a concurrency, with a number of requests and of warm-up requests', () => {
    const args = commandOf({})
    assert.deepEqual(
      ['--base-url', '--max-concurrency', '--num-prompts', '--num-warmups'].map(flag => after(args, flag)),
      ['http://h:1/llm', '2', '20', '4'],
    )
    assert.equal(args.includes('--request-rate'), false)
  })

  test('sends at a rate with gamma arrivals, and Poisson arrivals are those of burstiness 1', () => {
    const level = { kind: 'rate', requestsPerS: 5, maxConcurrency: 9 } as const
    const gamma = commandOf({ level: { ...level, arrivals: { kind: 'gamma', burstiness: 0.5 } } })
    assert.deepEqual(
      ['--request-rate', '--burstiness', '--max-concurrency'].map(flag => after(gamma, flag)),
      ['5', '0.5', '9'],
    )
    assert.equal(after(commandOf({ level: { ...level, arrivals: { kind: 'poisson' } } }), '--burstiness'), '1')
  })

  test('asks for full outputs as each server wants to be asked', () => {
    const bodyOf = (args: readonly string[]) => JSON.parse(after(args, '--extra-body') ?? '{}')
    assert.deepEqual(bodyOf(commandOf({ extra: { top_p: 1 } })), { min_tokens: 8, top_p: 1 })
    assert.ok(commandOf({}).includes('--ignore-eos'))
    const old = commandOf({}, 'dynamo-0.3')
    assert.deepEqual(bodyOf(old), { min_tokens: 8, nvext: { ignore_eos: true } })
    assert.equal(old.includes('--ignore-eos'), false)
    const plain = commandOf({}, 'openai')
    assert.equal(plain.includes('--extra-body') || plain.includes('--ignore-eos'), false)
  })

  test('names the API by its backend', () => {
    assert.equal(after(commandOf({ api: 'chat' }), '--backend'), 'openai-chat')
    assert.equal(after(commandOf({ api: 'completions' }), '--backend'), 'openai')
  })
})

describe('a result of the real vllm-rs 0.33, read by the plug-in vllm-bench', () => {
  const prompts = Array.from({ length: 6 }, (_, index) => ({ inputTokens: 100 + index }))
  const read = async (name: string) => {
    const text = await readFile(join(import.meta.dirname, 'fixtures', `${name}.json`), 'utf8')
    return { raw: JSON.parse(text), ...requestsOf(readResult(text, name), prompts) }
  }

  test('gives the times and tokens of each request', async () => {
    const { raw, requests, interChunkMs } = await read('answered')
    assert.equal(requests.length, 6)
    for (const [index, request] of requests.entries()) {
      const near = (actual: number, expected: number) =>
        assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} ${expected}`)
      near(request.firstTokenMs - request.sentMs, raw.ttfts[index] * 1000)
      near(request.secondTokenMs - request.firstTokenMs, raw.itls[index][0] * 1000)
      near(request.doneMs - request.sentMs, raw.latencies[index] * 1000)
      assert.ok(request.lastTokenMs <= request.doneMs + 0.1)
      assert.deepEqual([request.inputTokens, request.outputTokens, request.chunks], [100 + index, 8, 8])
      assert.equal(request.failure, null)
    }
    assert.equal(interChunkMs.length, 6 * 7)
  })

  test('tells refused requests by what the server said, without times', async () => {
    const { requests } = await read('some-refused')
    const failed = requests.filter(({ failure }) => failure !== null)
    assert.equal(failed.length, 2)
    for (const { failure, firstTokenMs, doneMs, outputTokens } of failed) {
      assert.equal(failure?.kind, 'http-status')
      assert.match(failure?.message ?? '', /^HTTP 500 .*broken/)
      assert.deepEqual([firstTokenMs, doneMs, outputTokens], [Number.NaN, Number.NaN, 0])
    }
  })

  test('is refused by name when it is none, or its lists differ in length', async () => {
    const text = await readFile(join(import.meta.dirname, 'fixtures/answered.json'), 'utf8')
    const result = JSON.parse(text)
    const wrong = { code: 'vllm-bench-result', kind: 'failed' }
    assert.throws(() => readResult('{', 'f'), wrong)
    assert.throws(() => readResult(JSON.stringify({ ...result, ttfts: undefined }), 'f'), {
      ...wrong,
      message: /ttfts/,
    })
    assert.throws(() => readResult(JSON.stringify({ ...result, ttfts: [1] }), 'f'), {
      ...wrong,
      message: /differ in length/,
    })
  })
})
