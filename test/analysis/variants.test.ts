import assert from 'node:assert/strict'
import { test } from 'node:test'
import { analyse } from '../../src/analysis/analyse.ts'
import type { PointResult } from '../../src/journal/index.ts'
import { variantWords } from '../../src/render/views/recommendation-words.ts'
import { runOf, syntheticRun } from '../render/synthetic-run.ts'

/** A result as one of a variant that gives so many times the throughput. */
function asVariant(result: PointResult, variant: string, times: number): PointResult {
  const { point, measurement } = result
  const deployment = { ...point.deployment, id: `${point.deployment.id}-${variant}`, variant }
  const faster = measurement && { ...measurement, outputTokensPerS: (measurement.outputTokensPerS ?? 0) * times }
  return { ...result, point: { ...point, id: `${point.id}-${variant}`, deployment }, measurement: faster }
}

const gainsOf = (repeats: number) => {
  const { results } = syntheticRun({ repeats, slo: {} })
  const timesOf = ({ point }: PointResult) => (point.workload.name === '1000/1000' ? 1.18 : 1)
  const run = runOf(results.flatMap(r => [asVariant(r, 'kv', timesOf(r)), asVariant(r, 'plain', 1)]))
  const text = 'variants: { plain: {}, kv: {} }\n'
  const { workloads } = analyse({ ...run, manifest: { ...run.manifest, sweepText: text } })
  return new Map(workloads.map(({ name, variants }) => [name, variants]))
}

test('a variant is held against the first of the sweep file, by workload, with the interval of repeats', () => {
  const gains = gainsOf(3)
  const [gain, ...more] = gains.get('1000/1000') ?? []
  assert.deepEqual([gain?.variant, gain?.base, more.length, gain?.gain.verdict], ['kv', 'plain', 0, 'shown'])
  assert.ok(Math.abs((gain?.gain.relative ?? 0) - 0.18) < 1e-9)
  const [low = 0, high = 0] = gain?.gainCi95 ?? []
  assert.ok(low > 0 && low < 0.18 && high > 0.18)
  const none = gains.get('8000/256') ?? []
  assert.deepEqual(
    none.map(({ gain: { verdict } }) => verdict),
    ['not-shown'],
  )
  assert.match(variantWords(none)[0] ?? '', /^kv against plain: no difference in tokens\/s per GPU shown/)
})

test('variants that were measured once are undecided, and say so', () => {
  const [gain] = gainsOf(1).get('1000/1000') ?? []
  assert.deepEqual([gain?.gain.verdict, gain?.gainCi95], ['unknown', null])
  assert.match(variantWords(gain === undefined ? [] : [gain])[0] ?? '', /measured once each: undecided without repeats/)
})

test('a run without variants has no such rows', () => {
  for (const { variants } of analyse(syntheticRun()).workloads) assert.deepEqual(variants, [])
})
