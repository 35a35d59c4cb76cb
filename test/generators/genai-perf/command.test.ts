import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { genaiPerfArguments } from '../../../src/generators/genai-perf/command.ts'
import type { Dialect, Load, Point, Workload } from '../../../src/model/index.ts'
import { endpointAt, programPoint } from '../programs/program-point.ts'

const places = { tokenizer: 'nvidia/DeepSeek-R1-FP4', artifactFolder: '/out', args: [] }

function commandOf(change: { load?: Partial<Load>; workload?: Partial<Workload>; dialect?: Dialect } = {}): string[] {
  const base = programPoint('genai-perf', change.load)
  const point: Point = { ...base, workload: { ...base.workload, ...change.workload } }
  return genaiPerfArguments(point, endpointAt('http://head:8000', change.dialect), places)
}

const guideLoad: Partial<Load> = {
  level: { kind: 'concurrency', concurrency: 64 },
  requests: 640,
  warmup: 128,
  dataset: 768,
}
const guideWorkload: Partial<Workload> = { isl: { kind: 'fixed', tokens: 8000 }, osl: { kind: 'fixed', tokens: 256 } }

describe('the command of genai-perf', () => {
  it('is that of Dynamo’s TensorRT-LLM guide for Dynamo 0.3', () => {
    const guide = [
      'profile',
      ...['--model', 'nvidia/DeepSeek-R1-FP4'],
      ...['--tokenizer', 'nvidia/DeepSeek-R1-FP4'],
      ...['--url', 'head:8000'],
      ...['--endpoint-type', 'chat'],
      '--streaming',
      ...['--synthetic-input-tokens-mean', '8000'],
      ...['--output-tokens-mean', '256'],
      ...['--extra-inputs', 'max_tokens:256'],
      ...['--extra-inputs', 'min_tokens:256'],
      ...['--extra-inputs', 'ignore_eos:true'],
      ...['--extra-inputs', '{"nvext":{"ignore_eos":true}}'],
      ...['--concurrency', '64'],
      ...['--request-count', '640'],
      ...['--warmup-request-count', '128'],
      ...['--num-dataset-entries', '768'],
      ...['--random-seed', '100'],
      ...['--artifact-dir', '/out'],
      '--',
      '-v',
      ...['--max-threads', '64'],
    ]
    assert.deepEqual(commandOf({ load: guideLoad, workload: guideWorkload, dialect: 'dynamo-0.3' }), guide)
  })

  it('has no nvext for Dynamo 1.x, which refuses it', () => {
    const command = commandOf({ dialect: 'dynamo-1' })
    assert.ok(!command.join(' ').includes('nvext'))
    assert.ok(command.includes('ignore_eos:true'))
  })

  it('sends a plain OpenAI server nothing that it doesn’t know', () => {
    const extras = commandOf({ dialect: 'openai' }).filter((_, index, all) => all[index - 1] === '--extra-inputs')
    assert.deepEqual(extras, ['max_tokens:8'])
  })

  it('leaves max_tokens to genai-perf when output lengths are drawn', () => {
    const command = commandOf({ workload: { osl: { kind: 'normal', mean: 100, stddev: 10 } } })
    assert.ok(command.includes('--output-tokens-stddev'))
    assert.ok(!command.some(argument => argument.startsWith('max_tokens:') || argument.startsWith('min_tokens:')))
  })

  it('takes a prefix’s tokens off the drawn prompt: genai-perf puts it in front', () => {
    const command = commandOf({ workload: { prefix: { share: 0.25, count: 3 } } })
    const flagValue = (flag: string) => command[command.indexOf(flag) + 1]
    assert.equal(flagValue('--prefix-prompt-length'), '32')
    assert.equal(flagValue('--num-prefix-prompts'), '3')
    assert.equal(flagValue('--synthetic-input-tokens-mean'), '96')
  })

  it('offers a rate with Poisson arrivals through perf_analyzer’s own flag', () => {
    const command = commandOf({ load: { level: { kind: 'rate', requestsPerS: 5, arrivals: { kind: 'poisson' } } } })
    assert.deepEqual(command.slice(-2), ['--request-distribution', 'poisson'])
    assert.ok(!command.includes('--concurrency'))
  })

  const impossible: readonly [string, Parameters<typeof commandOf>[0]][] = [
    ['a trace', { load: { level: { kind: 'trace', file: '/t', speed: 1 } } }],
    ['a load in stages', { load: { level: { kind: 'stages', stages: [], arrivals: { kind: 'constant' } } } }],
    ['the Responses API', { load: { api: 'responses' } }],
    ['a dataset file', { workload: { datasetFile: '/d.jsonl' } }],
    ['isl with a uniform distribution', { workload: { isl: { kind: 'uniform', min: 1, max: 9 } } }],
  ]
  for (const [what, change] of impossible) {
    it(`refuses ${what} by name`, () => {
      assert.throws(() => commandOf(change), { kind: 'bad-input', code: 'generator-cannot', message: new RegExp(what) })
    })
  }

  it('names the whole path where the URL has a sub-path', () => {
    const at = (url: string) => genaiPerfArguments(programPoint('genai-perf'), endpointAt(url), places).slice(5, 11)
    assert.deepEqual(at('http://head:8000/llm/team-a/'), [
      ...['--url', 'head:8000'],
      ...['--endpoint-type', 'chat'],
      ...['--endpoint', 'llm/team-a/v1/chat/completions'],
    ])
    assert.equal(at('http://head:8000').includes('--endpoint'), false)
  })
})
