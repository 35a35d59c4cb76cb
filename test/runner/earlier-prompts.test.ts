import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generatorOf } from '../../src/generators/index.ts'
import type { JournalLine } from '../../src/journal/index.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import { defaultLimits, type Point } from '../../src/model/index.ts'
import { earlierPrompts } from '../../src/runner/earlier-prompts.ts'

function pointOf(more: Partial<Point> & { readonly concurrency?: number; readonly seed?: number } = {}): Point {
  const { concurrency = 1, seed = 100, ...rest } = more
  return {
    id: `c${concurrency}`,
    deployment: {
      id: 'd',
      topology: { kind: 'aggregated', workers: 1 },
      model: { name: 'm', tokenizer: 't' },
      engine: {},
      gpusPerWorker: { prefill: 1, decode: 1, aggregated: 1 },
    },
    workload: { name: 'w', isl: { kind: 'fixed', tokens: 9 }, osl: { kind: 'fixed', tokens: 9 } },
    load: {
      level: { kind: 'concurrency', concurrency },
      api: 'chat',
      streaming: true,
      requests: 40,
      graceS: 0,
      warmup: 4,
      dataset: 44,
      seed,
      timeoutMs: 1000,
      extra: {},
    },
    generator: 'built-in',
    slo: {},
    limits: defaultLimits,
    repeat: 1,
    ...rest,
  }
}

const measured = (available?: number) =>
  ({
    requests: { sent: 40, completed: 40, failed: 0 },
    ...(available === undefined ? {} : { prompts: { available, distinct: available, repeated: 0 } }),
  }) as unknown as Measurement

const lineOf = (point: Point, measurement: Measurement | null): JournalLine => ({
  seq: 0,
  at: '',
  event: { type: 'point', result: { point, status: 'ok', reason: '', findings: [], measurement }, elapsedS: 1 },
})

const dataset = { ...pointOf().workload, datasetFile: '/d.jsonl', datasetSha256: 'a' }
const promptsOf = ({ generator }: Point) => generatorOf(generator)?.capabilities.prompts ?? 'by-seed'
const told = (point: Point, measurement: Measurement, ...earlier: JournalLine[]) =>
  earlierPrompts(point, measurement, earlier, promptsOf(point)).map(({ code, message }) => `${code}: ${message}`)

test('a second load level that sends the rows of the first says so, and the first nothing', () => {
  const first = pointOf({ workload: dataset })
  const second = pointOf({ workload: dataset, concurrency: 2 })
  assert.deepEqual(told(first, measured(8)), [])
  assert.deepEqual(told(second, measured(8), lineOf(first, measured(8))), [
    'prompts-repeated: all of 40 requests had prompts of the dataset that an earlier point of this run sent (concurrency 1): a server with a prefix cache answers them sooner',
  ])
})

test('only the rows that were sent repeat', () => {
  const first = pointOf({ workload: dataset })
  const short = { ...first, load: { ...first.load, warmup: 0, requests: 10 } }
  const ten = { ...measured(1000), requests: { sent: 10, completed: 10, failed: 0 } }
  const second = pointOf({ workload: dataset, concurrency: 2 })
  assert.match(told(second, measured(1000), lineOf(short, ten))[0] ?? '', /^prompts-repeated: 6 of 40 requests/)
})

test('another content, another deployment and a point that sent nothing repeat nothing', () => {
  const second = pointOf({ workload: dataset, concurrency: 2 })
  const first = pointOf({ workload: dataset })
  const other = pointOf({ workload: { ...dataset, datasetSha256: 'b' } })
  const strange = { ...first.deployment, id: 'e', engine: { aggregated: { max_batch_size: 8 } } }
  assert.deepEqual(told(second, measured(8), lineOf(other, measured(8))), [])
  assert.deepEqual(told(second, measured(8), lineOf({ ...first, deployment: strange }, measured(8))), [])
  assert.deepEqual(told(second, measured(8), lineOf(first, null)), [])
})

test('a deployment that was scaled keeps workers, and with them their caches', () => {
  const first = pointOf({ workload: dataset })
  const scaled = { ...first.deployment, id: 'e', topology: { kind: 'aggregated', workers: 2 } as const }
  const second = pointOf({ workload: dataset, concurrency: 2, deployment: scaled })
  assert.equal(told(second, measured(8), lineOf(first, measured(8))).length, 1)
})

test('synthetic prompts are a point’s own, so that only the same point measured again repeats them', () => {
  const first = pointOf()
  assert.deepEqual(told(pointOf({ concurrency: 2 }), measured(44), lineOf(first, measured(44))), [])
  assert.match(told(first, measured(44), lineOf(first, measured(44)))[0] ?? '', /all of 40 requests had prompts that/)
})

test('other generators repeat prompts where points have one seed', () => {
  const point = (concurrency: number, seed: number) => pointOf({ generator: 'genai-perf', concurrency, seed })
  assert.equal(told(point(2, 100), measured(), lineOf(point(1, 100), measured())).length, 1)
  assert.deepEqual(told(point(2, 101), measured(), lineOf(point(1, 100), measured())), [])
})
