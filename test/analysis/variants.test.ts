import assert from 'node:assert/strict'
import { test } from 'node:test'
import { analyse } from '../../src/analysis/analyse.ts'
import type { PointResult } from '../../src/journal/index.ts'
import { variantsOverWorkloads, variantWords } from '../../src/render/views/recommendation-words.ts'
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

test('over several workloads, a line says where a variant gains something and where it does not', () => {
  const linesOf = (repeats: number) =>
    variantsOverWorkloads(
      [...gainsOf(repeats)].map(([name, rows]) => ({
        name,
        variants: rows.map(({ variant, base, gain: { relative, verdict } }) => ({
          variant,
          base,
          gain: relative,
          verdict,
        })),
      })),
    )
  assert.deepEqual(linesOf(3), [
    'kv against plain, tokens/s per GPU: +18% at 1000/1000, no difference shown at 8000/256',
  ])
  assert.match(linesOf(1)[0] ?? '', /\+18\.?0?% at 1000\/1000 \(measured once\)/)
  const [[name, rows] = ['', []]] = [...gainsOf(3)]
  const short = rows.map(({ variant, base, gain }) => ({ variant, base, gain: gain.relative, verdict: gain.verdict }))
  assert.deepEqual(variantsOverWorkloads([{ name, variants: short }]), [], 'one workload has its own sentence')
})

test('variants that were measured once are undecided, and say so', () => {
  const [gain] = gainsOf(1).get('1000/1000') ?? []
  assert.deepEqual([gain?.gain.verdict, gain?.gainCi95], ['unknown', null])
  assert.match(variantWords(gain === undefined ? [] : [gain])[0] ?? '', /measured once each: undecided without repeats/)
})

test('a variant says how much more of the possible it reuses from the prefix cache, and nothing where it hardly does', () => {
  const wordsOf = (shares: readonly [plain: number | null, kv: number], possible?: number) => {
    const { results } = syntheticRun({ workloads: [[1000, 10]], slo: {} })
    const cached = (result: PointResult, share: number | null): PointResult => {
      if (share === null) return result
      const counts = { answers: 1, answersInAll: 1, cachedTokens: 1000 * share, promptTokens: 1000, impossible: 0 }
      const more = { promptCache: counts, ...(possible === undefined ? {} : { possibleCachedShare: possible }) }
      return { ...result, measurement: result.measurement && { ...result.measurement, ...more } }
    }
    const run = runOf(
      results.flatMap(r => [cached(asVariant(r, 'kv', 1), shares[1]), cached(asVariant(r, 'plain', 1), shares[0])]),
    )
    const text = 'variants: { plain: {}, kv: {} }\n'
    const [workload] = analyse({ ...run, manifest: { ...run.manifest, sweepText: text } }).workloads
    return variantWords(workload?.variants ?? [])[0] ?? ''
  }
  assert.match(wordsOf([0.22, 0.71], 0.83), /; kv reuses 71% of the 83% possible from the prefix cache, plain 22%/)
  assert.match(wordsOf([0.22, 0.71]), /; kv reuses 71% of the prompt tokens from the prefix cache, plain 22%/)
  assert.match(
    wordsOf([null, 0.71], 0.83),
    /; kv reuses 71% of the 83% possible from the prefix cache, how much plain reuses is unknown/,
  )
  assert.doesNotMatch(wordsOf([0.7, 0.71], 0.83), /prefix cache/)
})

test('a run without variants has no such rows', () => {
  for (const { variants } of analyse(syntheticRun()).workloads) assert.deepEqual(variants, [])
})
