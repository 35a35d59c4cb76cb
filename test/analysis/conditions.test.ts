import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compareRuns } from '../../src/analysis/compare/compare.ts'
import { parseThreshold } from '../../src/analysis/compare/threshold.ts'
import { parseGate } from '../../src/analysis/gates/gate.ts'
import { gateText } from '../../src/analysis/gates/outcome.ts'
import { historyGate, parseHistoryThreshold } from '../../src/analysis/history/gate.ts'
import { historyOf } from '../../src/analysis/history/history.ts'
import type { PointResult } from '../../src/journal/event.ts'
import type { Run } from '../../src/journal/run.ts'
import type { Load, Workload } from '../../src/model/index.ts'
import { comparisonJunit } from '../../src/render/export/comparison-junit.ts'
import { verdictSentence } from '../../src/render/views/comparison-words.ts'
import { historyGateText } from '../../src/render/views/history-gate.ts'
import { noisyRun } from '../render/noisy-run.ts'
import { aggregated, disaggregated } from '../render/synthetic-run.ts'

const options = { topologies: [aggregated(2), disaggregated(1, 1)], concurrencies: [1, 4, 16], repeats: 3 }
const text = `name: synthetic
deploy: { with: attach, url: "http://127.0.0.1:8000", dialect: vllm, args: { a: 1 } }
generator: { name: genai-perf, args: [--a] }
load: { prompts: fresh, seed: 100 }
`
const withText = (run: Run, sweepText: string): Run => ({ ...run, manifest: { ...run.manifest, sweepText } })
const base = withText(noisyRun(options, { seed: 1, noise: 0.01 }), text)
const head = withText(noisyRun(options, { seed: 2, noise: 0.01 }), text)

const changed = (run: Run, change: (result: PointResult) => PointResult): Run => ({
  ...run,
  results: run.results.map(change),
})
const load = (more: Partial<Load>) => (run: Run) =>
  changed(run, r => ({ ...r, point: { ...r.point, load: { ...r.point.load, ...more } } }))
const workload = (more: Partial<Workload>) => (run: Run) =>
  changed(run, r => ({ ...r, point: { ...r.point, workload: { ...r.point.workload, ...more } } }))
const measured = (more: object) => (run: Run) =>
  changed(run, r => ({ ...r, measurement: r.measurement && { ...r.measurement, ...more } }))
const written = (from: string, to: string) => (run: Run) => withText(run, run.manifest.sweepText.replace(from, to))
const model = (tokenizer: string) => (run: Run) =>
  changed(run, r => {
    const { deployment } = r.point
    return { ...r, point: { ...r.point, deployment: { ...deployment, model: { ...deployment.model, tokenizer } } } }
  })

describe('a comparison names every condition that decides an outcome', () => {
  const table: readonly (readonly [what: string, change: (run: Run) => Run])[] = [
    ['tokenizer', model('/models/other')],
    ['dialect', written('dialect: vllm', 'dialect: openai')],
    ['extra fields', load({ extra: { ignore_eos: true } })],
    ['prompts', written('prompts: fresh', 'prompts: same')],
    ['seed', written('seed: 100', 'seed: 7')],
    ['request timeout', load({ timeoutMs: 5000 })],
    ['measurement window', measured({ window: 'steady' })],
    ['dataset', workload({ datasetFile: '/data/chat.jsonl' })],
    [
      'Fulcrum version',
      run => ({ ...run, manifest: { ...run.manifest, versions: { ...run.manifest.versions, fulcrum: '9' } } }),
    ],
    ['load generator', measured({ generator: { name: 'aiperf', version: '0.13.0' } })],
    ['load generator', measured({ generator: { name: 'built-in', version: '9' } })],
    ['generator arguments', written('[--a]', '[--b]')],
    ['generator arguments', written('generator: { name: genai-perf, args: [--a] }\n', '')],
    ['dialect', written(' dialect: vllm,', '')],
    ['API', load({ api: 'completions' })],
    ['streaming', load({ streaming: false })],
    ['distinct prompts', load({ dataset: 1 })],
  ]
  for (const [what, change] of table)
    test(`${what}, as what makes it doubtful`, () => {
      for (const [one, other] of [
        [base, change(head)],
        [change(base), head],
      ] as const) {
        const named = compareRuns(one, other).differences.filter(({ kind }) => kind === 'conditions')
        assert.ok(
          named.some(difference => difference.what === what),
          JSON.stringify(named),
        )
      }
    })

  test('the content of a dataset, also under the same name', () => {
    const dataset = (datasetSha256: string) => workload({ datasetFile: '/data/chat.jsonl', datasetSha256 })
    const { differences } = compareRuns(dataset('a'.repeat(64))(base), dataset('b'.repeat(64))(head))
    assert.deepEqual(differences, [
      { what: 'dataset content', kind: 'conditions', base: 'a'.repeat(12), head: 'b'.repeat(12) },
    ])
  })

  test('what else of the deployment differs, as what a comparison is about', () => {
    assert.deepEqual(compareRuns(base, written('a: 1', 'a: 2')(head)).differences, [
      { what: 'deploy.args', kind: 'subject', base: '{"a":1}', head: '{"a":2}' },
    ])
  })

  test('and nothing where nothing differs, nor where a run does not say, nor for points that one run alone has', () => {
    assert.deepEqual(compareRuns(base, head).differences, [])
    assert.deepEqual(
      compareRuns(base, withText(head, 'name: x')).differences.filter(
        d => d.what !== 'deployer' && d.what !== 'deployed',
      ),
      [],
    )
    const fewer = { ...head, results: head.results.filter(({ point }) => point.load.requests !== 160) }
    const capped = changed(base, r =>
      r.point.load.requests === 160 ? { ...r, point: { ...r.point, load: { ...r.point.load, dataset: 100 } } } : r,
    )
    assert.deepEqual(compareRuns(capped, fewer).differences, [])
  })

  test('a tokenizer beside the sweep file is the same in another checkout', () => {
    const at = (folder: string) => (run: Run) =>
      model(`${folder}/tokenizer`)({ ...run, manifest: { ...run.manifest, sweepFile: `${folder}/nightly.yaml` } })
    assert.deepEqual(compareRuns(at('/a/b')(base), at('/c')(head)).differences, [])
  })
})

describe('figures of two kinds are never compared silently', () => {
  const dataset = (datasetSha256: string) => workload({ datasetFile: '/data/chat.jsonl', datasetSha256 })
  const table: readonly (readonly [how: RegExp, base: Run, head: Run])[] = [
    [/window: whole → steady/, base, measured({ window: 'steady' })(head)],
    [/window: steady → whole/, measured({ window: 'steady' })(base), head],
    [
      /dataset: chat\.jsonl \(SHA-256 aaaaaaaaaaaa\) → chat\.jsonl \(SHA-256 bbbbbbbbbbbb\)/,
      dataset('a'.repeat(64))(base),
      dataset('b'.repeat(64))(head),
    ],
    [/dataset: none → chat\.jsonl/, base, workload({ datasetFile: '/data/chat.jsonl' })(head)],
    [/API: chat → completions/, base, load({ api: 'completions' })(head)],
    [/answers: streamed → in one piece/, base, load({ streaming: false })(head)],
  ]
  for (const [how, before, after] of table)
    test(`${how.source}: the gate is not tested and says so`, () => {
      const comparison = compareRuns(before, after, [parseGate('ttft_p95>5%', parseThreshold)])
      const [gate] = comparison.gates
      assert.ok(gate)
      assert.equal(gate.outcome, 'not tested')
      assert.match(gateText(gate), /^ttft_p95>5%: not tested: 12 points cannot be compared: /)
      assert.match(gateText(gate), how)
      assert.match(verdictSentence(comparison), how)
      assert.equal(comparison.tests, 0)
      assert.deepEqual(comparison.frontiers, [])
      assert.equal(comparisonJunit(comparison).match(/<error/g)?.length, 12)
    })

  test('some points alone: the others are compared, and the gate is not tested', () => {
    const part = changed(head, r =>
      r.point.load.requests === 160 ? (measured({ window: 'steady' })({ ...head, results: [r] }).results[0] ?? r) : r,
    )
    const comparison = compareRuns(base, part, [parseGate('ttft_p95>5%', parseThreshold)])
    assert.match(
      gateText(comparison.gates[0] ?? assert.fail()),
      /not tested: 4 points cannot be compared: window: whole → steady/,
    )
    assert.ok(comparison.tests > 0)
  })

  test('a window or a dataset that is not known of one run is no difference', () => {
    const failedHead = changed(head, r => ({ ...r, status: 'failed', measurement: null }))
    const [gate] = compareRuns(measured({ window: 'steady' })(base), failedHead, [
      parseGate('ttft_p95>5%', parseThreshold),
    ]).gates
    assert.match(gateText(gate ?? assert.fail()), /HEAD failed at 12 of 12 points/)
    const unknown = workload({ datasetFile: '/elsewhere/chat.jsonl' })(head)
    const known = workload({ datasetFile: '/data/chat.jsonl', datasetSha256: 'a'.repeat(64) })(base)
    assert.equal(compareRuns(known, unknown, [parseGate('ttft_p95>5%', parseThreshold)]).gates[0]?.outcome, 'passed')
  })

  test('over nights: another window begins another series, and the gate says why it is not tested', () => {
    const nights = Array.from({ length: 12 }, (_, day) => {
      const run = withText(noisyRun(options, { seed: day + 1 }), text)
      const night = {
        ...run,
        manifest: {
          ...run.manifest,
          runId: `night-${day + 1}`,
          createdAt: new Date(Date.UTC(2026, 0, day + 1)).toISOString(),
        },
      }
      return day < 10 ? night : measured({ window: 'steady' })(night)
    })
    const told = (runs: readonly Run[]) => {
      const history = historyOf('nightly', runs, null)
      const [gate] = historyGate(history, [parseGate('itl_p95>5%', parseHistoryThreshold)], { runs, dead: [] })
      return historyGateText(history, gate ?? assert.fail())
    }
    assert.match(
      told(nights.slice(0, 11)),
      /^itl_p95>5%: not tested: the newest run measured 12 points another way than earlier runs: window: whole → steady; 1 run is too few/,
    )
    assert.match(told(nights), /^itl_p95>5%: not tested: 2 runs are too few/)
    assert.equal(told(nights.slice(0, 10)), 'itl_p95>5%: passed')
    for (const trend of historyOf('nightly', nights, null).trends)
      assert.ok(trend.values.length === 10 || trend.values.length === 2)
  })
})
