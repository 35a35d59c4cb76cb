import fc from 'fast-check'
import type { JournalLine, PointResult } from '../../src/journal/index.ts'
import { gpusOf, type Point, type Topology } from '../../src/model/index.ts'
import { resultOf, type SyntheticSystem, searchFrom, syntheticPlan } from './synthetic.ts'

export const ratios: readonly Topology[] = [
  { kind: 'aggregated', workers: 2 },
  { kind: 'disaggregated', prefill: 1, decode: 1 },
  { kind: 'disaggregated', prefill: 1, decode: 2 },
  { kind: 'disaggregated', prefill: 2, decode: 2 },
  { kind: 'disaggregated', prefill: 2, decode: 1 },
  { kind: 'disaggregated', prefill: 3, decode: 1 },
]
export const loads = [1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256]

/** A system with nothing unusual. */
export const usual: SyntheticSystem = {
  prefillPerS: 5,
  prefillS: 0.2,
  itlS: 0.008,
  itlPerSequenceS: 1e-4,
  osl: 200,
  ttftLimitMs: 1000,
}

/** One request alone never waits: a prefill worker reads at least one prompt in the time that one takes. */
export const systems: fc.Arbitrary<SyntheticSystem> = fc
  .record({
    promptsAtOnce: fc.double({ min: 1, max: 8, noNaN: true }),
    prefillS: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
    itlS: fc.double({ min: 0.003, max: 0.02, noNaN: true }),
    itlPerSequenceS: fc.double({ min: 1e-6, max: 5e-4, noNaN: true }),
    osl: fc.integer({ min: 20, max: 1000 }),
    ttftLimitMs: fc.constantFrom(200, 1000, 5000, 1e9),
  })
  .map(({ promptsAtOnce, ...system }) => ({ ...system, prefillPerS: promptsAtOnce / system.prefillS }))

/** Where a result lies on the frontier's plane: tokens/s per user, and per GPU. */
export const place = ({ point, measurement }: PointResult) => ({
  x: measurement?.outputTokensPerSPerUser?.mean ?? 0,
  y: (measurement?.outputTokensPerS ?? 0) / gpusOf(point.deployment),
})

export const meetsSlo = ({ point, measurement }: PointResult) =>
  (measurement?.ttftMs?.p95 ?? 0) <= (point.slo.ttftP95Ms ?? 0)

/** The most tokens/s per GPU under the SLO; 0 where nothing meets it. */
export const bestUnderSlo = (results: readonly PointResult[]) =>
  Math.max(0, ...results.filter(meetsSlo).map(result => place(result).y))

export const resultsIn = (lines: readonly JournalLine[]) =>
  lines.flatMap(({ event }) => (event.type === 'point' ? [event.result] : []))

/** What the grid and the search measure of a system. */
export function measuredBoth(system: SyntheticSystem) {
  const plan = syntheticPlan(ratios, loads, system)
  const measure = (point: Point) => resultOf(point, system)
  const grid = plan.deployments.flatMap(({ points }) => points).map(measure)
  return { grid, found: resultsIn(searchFrom(plan, [], measure)) }
}
