import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aisimulatePrediction, aisimulatePriors } from '../../../src/analysis/priors/aisimulate.ts'

/** By hand after sweeper/result.py and docs/cli/user-guide.md of ai-dynamo/aisimulate 0.12. */
const parallel = (replicas: number, tensor: number, attention_data = 1) => ({
  parallelism: { replicas, tensor, pipeline: 1, attention_data, moe_tensor: 1, moe_expert: tensor },
})
const configOf = (workers: object, load: object = { type: 'concurrency', concurrency: 8 }) => ({
  traffic: { source: { type: 'synthetic', input_tokens: 1024, output_tokens: 128 }, load, stop: { requests: 32 } },
  engine: { mode: 'x', model: 'Qwen/Qwen3-32B-FP8', hardware: 'h200_sxm', backend: 'vllm', workers },
})
const metrics = { mean_ttft_ms: 260, mean_itl_ms: 20, output_throughput_tok_s: 1600, power_w: null }
const candidate = (id: number, prediction_config: object | null, more: object = {}) => ({
  ...{ candidate_id: `candidate-00000${id}`, status: 'feasible', config: {}, used_gpus: 4, score: 400, metrics },
  ...{ objectives: null, reason_category: null, reason: null, provenance: {}, prediction_config, ...more },
})
const candidates = [
  candidate(1, configOf({ aggregated: parallel(2, 2) })),
  candidate(2, configOf({ prefill: parallel(2, 1, 4), decode: parallel(1, 8) }), { used_gpus: 16 }),
  candidate(3, configOf({ aggregated: parallel(1, 4) }, { type: 'poisson', requests_per_second: 8 })),
  // Not selected, not feasible, and a trace: none is a belief about a load level.
  candidate(4, null),
  candidate(5, configOf({ aggregated: parallel(1, 1) }), { status: 'infeasible', reason: 'SLO' }),
  candidate(6, configOf({ aggregated: parallel(1, 1) }, { type: 'trace_timestamps' })),
]
const json = JSON.stringify({ schema_version: '1.0', counts: {}, views: {}, candidates })

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
const csv = [
  'schema_version,candidate_id,status,used_gpus,prediction_config_json,metrics_json',
  ...candidates.map(one =>
    [
      '1.0',
      one.candidate_id,
      one.status,
      one.used_gpus,
      one.prediction_config === null ? '' : quoted(JSON.stringify(one.prediction_config)),
      quoted(JSON.stringify(one.metrics)),
    ].join(','),
  ),
].join('\n')

/** The shape of `prediction.json` in section 22 of the same guide; the configuration in YAML, of which JSON is a part. */
describe('a prior of aisimulate predict', () => {
  const summary = { completed_requests: 12, ...metrics, router: null, name: 'x' }
  const predicted = (config: object, report: object = { summary }) =>
    aisimulatePrediction(JSON.stringify(report), JSON.stringify(config), 'out/prediction.json')

  test('is its summary under its configuration', () => {
    assert.deepEqual(predicted(configOf({ aggregated: { parallelism: { replicas: 2, tensor: 2 } } })), {
      source: 'aisimulate (out/prediction.json, predict)',
      topology: { kind: 'aggregated', workers: 2 },
      ...{ gpus: 4, gpusPerDecodeWorker: 2, prefillGpus: 0, isl: 1024, osl: 128 },
      load: { kind: 'concurrency', value: 8 },
      ...{ tokensPerSPerGpu: 400, tokensPerSPerUser: 50, ttftMs: 260, itlMs: 20 },
    })
    const apart = predicted(configOf({ prefill: parallel(2, 1), decode: parallel(1, 4) }))
    assert.deepEqual([apart.topology, apart.gpus], [{ kind: 'disaggregated', prefill: 2, decode: 1 }, 6])
  })

  test('is refused, with what is missing, without summary, parallelism or a level of load', () => {
    const config = configOf({ aggregated: parallel(1, 1) })
    assert.throws(() => aisimulatePrediction('{"summary":{}}', 'a: [', 'p.json'), { code: 'prior-file-invalid' })
    assert.throws(() => predicted(config, {}), { code: 'prior-file-invalid', message: /it has no summary/ })
    assert.throws(() => predicted(configOf({ aggregated: {} })), { message: /workers\.aggregated\.parallelism/ })
    assert.throws(() => predicted(configOf({ aggregated: parallel(1, 1) }, { type: 'trace_timestamps' })), {
      message: /neither a concurrency nor a rate/,
    })
  })
})

describe('priors of aisimulate recommend', () => {
  test('are its selected candidates, with workers, GPUs, load and figures', () => {
    const priors = aisimulatePriors(json, 'out/recommendation.json')
    assert.equal(priors.length, 3)
    const [aggregated, disaggregated, open] = priors
    assert.deepEqual(aggregated, {
      source: 'aisimulate (out/recommendation.json, candidate-000001)',
      topology: { kind: 'aggregated', workers: 2 },
      ...{ gpus: 4, gpusPerDecodeWorker: 2, prefillGpus: 0, isl: 1024, osl: 128 },
      load: { kind: 'concurrency', value: 8 },
      ...{ tokensPerSPerGpu: 400, tokensPerSPerUser: 50, ttftMs: 260, itlMs: 20 },
    })
    assert.deepEqual(disaggregated?.topology, { kind: 'disaggregated', prefill: 2, decode: 1 })
    assert.deepEqual([disaggregated.gpus, disaggregated.prefillGpus, disaggregated.gpusPerDecodeWorker], [16, 8, 8])
    assert.deepEqual(open?.load, { kind: 'rate', value: 8 })
  })

  test('are the same from its CSV', () => {
    const named = (text: string, file: string) => aisimulatePriors(text, file).map(({ source: _, ...prior }) => prior)
    assert.deepEqual(named(csv, 'r.csv'), named(json, 'r.json'))
  })

  test('of another schema, and of a broken file, are refused with the place', () => {
    const wrong = { code: 'prior-file-invalid', kind: 'bad-input' }
    assert.throws(() => aisimulatePriors(json.replace('"1.0"', '"2.0"'), 'r.json'), {
      ...wrong,
      message: /r\.json: schema_version/,
    })
    assert.throws(() => aisimulatePriors(json.slice(0, 50), 'r.json'), { ...wrong, message: /^r\.json: / })
    assert.throws(() => aisimulatePriors(csv.replace('metrics_json', 'other'), 'r.csv'), {
      ...wrong,
      message: /r\.csv:1: missing column "metrics_json"/,
    })
  })

  test('are the same with a byte order mark, CRLF and other columns around', () => {
    const named = (text: string, file: string) => aisimulatePriors(text, file).map(({ source: _, ...prior }) => prior)
    const wider = csv.replaceAll(/^/gm, 'x,')
    for (const text of [`\ufeff${csv}`, csv.replaceAll('\n', '\r\n'), wider])
      assert.deepEqual(named(text, 'r.csv'), named(json, 'r.json'))
    assert.deepEqual(named(`\ufeff${json}`, 'r.json'), named(json, 'r.json'))
  })

  for (const [what, text, expected] of [
    ['an empty file', '', 'r.csv:1: missing column "candidate_id"'],
    ['a web page', '<html>', 'r.csv:1: missing column "candidate_id"'],
    ['a header alone', csv.split('\n')[0] ?? '', 'r.csv: it has no candidates'],
    ['a cell that is not JSON', csv.replace(',4,', ',many,'), 'r.csv:2: used_gpus is not JSON'],
    [
      'no throughput',
      csv.replaceAll(':1600', ':-1600'),
      'r.csv: no candidate is feasible, selected and at a fixed load level (6 candidates)',
    ],
  ] as const) {
    test(`of ${what} are refused with the reason`, () => {
      assert.throws(() => aisimulatePriors(text, 'r.csv'), { code: 'prior-file-invalid', message: expected })
    })
  }
})
