import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { vllmBenchArguments } from '../../../src/generators/vllm-bench/command.ts'
import type { Load } from '../../../src/model/index.ts'
import { endpointAt, programPoint } from '../programs/program-point.ts'

const places = { prompts: '/p.jsonl', tokenizer: '/t', folder: '/f', resultName: 'result.json', args: ['--top-p', '1'] }
const after = (args: readonly string[], flag: string) => args[args.indexOf(flag) + 1]
const commandOf = (load: Partial<Load> = {}, dialect: 'dynamo-1' | 'dynamo-0.3' | 'vllm' | 'openai' = 'dynamo-1') =>
  vllmBenchArguments(programPoint('vllm-bench', load), endpointAt('http://h:1/llm/', dialect), places)

describe('the command of vllm-bench', () => {
  test('holds a concurrency, with a number of requests and of warm-up requests', () => {
    const args = commandOf()
    assert.deepEqual(
      ['--base-url', '--max-concurrency', '--num-prompts', '--num-warmups', '--result-filename'].map(f =>
        after(args, f),
      ),
      ['http://h:1/llm', '2', '20', '4', 'result.json'],
    )
    assert.equal(args.includes('--request-rate'), false)
  })

  test('looks for a steady window unless the whole run is asked for', () => {
    assert.equal(commandOf().includes('--no-steady-state'), false)
    assert.equal(commandOf({ window: 'whole' }).includes('--no-steady-state'), true)
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
    assert.deepEqual(bodyOf(commandOf({ extra: { top_k: 1 } }, 'vllm')), { min_tokens: 8, top_k: 1 })
    assert.ok(commandOf({}, 'vllm').includes('--ignore-eos'))
    const old = commandOf({}, 'dynamo-0.3')
    assert.deepEqual(bodyOf(old), { min_tokens: 8, nvext: { ignore_eos: true } })
    assert.equal(old.includes('--ignore-eos'), false)
    const plain = commandOf({}, 'openai')
    assert.equal(plain.includes('--extra-body') || plain.includes('--ignore-eos'), false)
  })

  test("puts the user's own arguments last, and never a header", () => {
    const args = commandOf()
    assert.deepEqual(args.slice(-2), ['--top-p', '1'])
    assert.equal(args.includes('--header'), false)
  })
})
