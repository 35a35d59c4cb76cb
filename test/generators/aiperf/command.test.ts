import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aiperfArguments } from '../../../src/generators/aiperf/command.ts'
import { keyConfig } from '../../../src/generators/aiperf/key-config.ts'
import type { Dialect, Load, Point, Workload } from '../../../src/model/index.ts'
import { endpointAt, programPoint } from '../programs/program-point.ts'

function commandOf(change: { load?: Partial<Load>; workload?: Partial<Workload>; dialect?: Dialect } = {}): string[] {
  const base = programPoint('aiperf', change.load)
  const point: Point = { ...base, workload: { ...base.workload, ...change.workload } }
  const places = { tokenizer: 'nvidia/DeepSeek-R1-FP4', artifactFolder: '/out', args: ['--verbose'] }
  return aiperfArguments(point, endpointAt('http://head:8000', change.dialect), places)
}

const after = (command: readonly string[], flag: string) => command[command.indexOf(flag) + 1]

describe('the command of AIPerf', () => {
  it('asks for lengths in one JSON object, spelled for Dynamo 1.x', () => {
    assert.equal(after(commandOf(), '--extra-inputs'), '{"ignore_eos":true,"min_tokens":8}')
    assert.ok(commandOf().includes('--use-legacy-max-tokens'))
  })

  it('asks Dynamo 0.3 through nvext', () => {
    assert.equal(
      after(commandOf({ dialect: 'dynamo-0.3' }), '--extra-inputs'),
      '{"nvext":{"ignore_eos":true},"min_tokens":8}',
    )
  })

  it('sends a plain OpenAI server nothing beyond the standard', () => {
    assert.ok(!commandOf({ dialect: 'openai' }).includes('--extra-inputs'))
  })

  it('gives each request its deadline', () => {
    assert.equal(after(commandOf({ load: { timeoutMs: 2500 } }), '--request-timeout-seconds'), '2.5')
  })

  it('names the tokenizer as the hub’s cache does, and lets the user’s arguments come last', () => {
    const command = commandOf()
    assert.equal(after(command, '--tokenizer'), 'nvidia/DeepSeek-R1-FP4')
    assert.equal(command.at(-1), '--verbose')
  })

  it('offers bursty arrivals, held back by a concurrency', () => {
    const level = {
      kind: 'rate',
      requestsPerS: 4,
      arrivals: { kind: 'gamma', burstiness: 0.5 },
      maxConcurrency: 9,
    } as const
    const command = commandOf({ load: { level } })
    assert.equal(after(command, '--arrival-pattern'), 'gamma')
    assert.equal(after(command, '--arrival-smoothness'), '0.5')
    assert.equal(after(command, '--concurrency'), '9')
  })

  it('loads for a time when the point says a time', () => {
    const { requests: _, ...load } = programPoint('aiperf').load
    const base = programPoint('aiperf')
    const point: Point = { ...base, load: { ...load, durationS: 30, graceS: 7 } }
    const command = aiperfArguments(point, endpointAt('http://h'), { tokenizer: 't', artifactFolder: '/o', args: [] })
    assert.equal(after(command, '--benchmark-duration'), '30')
    assert.equal(after(command, '--benchmark-grace-period'), '7')
    assert.ok(!command.includes('--request-count'))
  })

  it('refuses what it has no flags for', () => {
    assert.throws(() => commandOf({ load: { level: { kind: 'trace', file: '/t', speed: 1 } } }), {
      code: 'generator-cannot',
    })
  })

  describe('for a trace', () => {
    const level = { kind: 'trace', file: 't.jsonl', speed: 1 } as const
    const { requests: _, ...load } = programPoint('aiperf').load
    const point: Point = { ...programPoint('aiperf'), load: { ...load, warmup: 0, level } }
    const commandWith = (more: Partial<Load> = {}) =>
      aiperfArguments({ ...point, load: { ...point.load, ...more } }, endpointAt('http://head:8000'), {
        tokenizer: 't',
        artifactFolder: '/out',
        args: [],
        traceFile: '/out/trace.jsonl',
      })

    it('replays the file on its schedule, and draws no lengths', () => {
      const command = commandWith()
      assert.ok(command.includes('--fixed-schedule'))
      assert.equal(after(command, '--input-file'), '/out/trace.jsonl')
      assert.equal(after(command, '--custom-dataset-type'), 'mooncake-trace')
      for (const flag of [
        '--synthetic-input-tokens-mean',
        '--output-tokens-mean',
        '--num-dataset-entries',
        '--concurrency',
      ])
        assert.ok(!command.includes(flag), flag)
      // Each line of the file says its own least number of tokens.
      assert.equal(after(command, '--extra-inputs'), '{"ignore_eos":true}')
    })

    it('refuses what AIPerf has no flags for', () => {
      assert.throws(() => commandWith({ level: { ...level, users: 4 } }), /aiperf replays traces as they arrived/)
      assert.throws(() => commandWith({ level: { ...level, maxConcurrency: 4 } }), /aiperf does not limit a trace/)
      assert.throws(() => commandWith({ api: 'completions' }), /aiperf replays traces as chats/)
      assert.throws(() => commandWith({ warmup: 2 }), /without a warm-up/)
    })

    it('has a phase and a dataset of its kind in the configuration that names a key', () => {
      const config = keyConfig('KEY', point.load, '/out/trace.jsonl')
      assert.match(config, /type: file, path: "\/out\/trace\.jsonl", format: mooncake_trace/)
      assert.match(config, /name: profiling, type: fixed_schedule }/)
    })
  })
})
