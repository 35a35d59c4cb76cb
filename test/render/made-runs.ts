/** SYNTHETIC runs of 24 points whose noise is known, for tests and benchmarks of comparison; see synthetic-run.ts. */
import type { Run } from '../../src/journal/run.ts'
import type { Distribution, Measurement } from '../../src/metrics/measurement.ts'
import type { Random } from '../../src/model/index.ts'
import { aggregated, disaggregated, syntheticRun } from './synthetic-run.ts'

/** Standard deviations of the logarithm between repeats of a point in one run. */
const spreads = { ttft50: 0.02, ttft95: 0.05, itl50: 0.005, itl95: 0.01, latency95: 0.01, user: 0.005, gpu: 0.005 }
type Name = keyof typeof spreads
const names = Object.keys(spreads) as Name[]

export interface MadeNoise {
  readonly repeats: number
  /** Standard deviation of a run's level, as a multiple of that between repeats. */
  readonly runShift?: number
  /** The same of a point within a run. */
  readonly session?: number
  /** Share of repeats whose TTFT is 18% higher. */
  readonly bimodal?: number
  /** Noise of point `i` as a multiple of the usual. */
  readonly scale?: (point: number) => number
  /**
   * Standard deviation of what a seed does to a point, alike in all runs; without it seeds differ between runs, so
   * nothing is paired.
   */
  readonly seeds?: number
}

/** What a change does to a figure: the factor on its time at a point. */
export type Effect = (point: number, name: Name) => number

export const points = 24
/** 24 points, measured once. */
const template = syntheticRun({
  workloads: [
    [1000, 1000],
    [8000, 256],
  ],
  topologies: [aggregated(2), disaggregated(1, 1), disaggregated(2, 1)],
  concurrencies: [1, 4, 16, 64],
})

let runs = 0

/** A run of 24 points. */
export function madeRun(random: Random, noise: MadeNoise, effect: Effect = () => 1): Run {
  const { repeats, runShift = 0, session = 0, bimodal = 0, scale = () => 1 } = noise
  const run = ++runs
  const draw = (deviation: number) =>
    Object.fromEntries(names.map(name => [name, deviation * spreads[name] * random.normal()])) as Record<Name, number>
  const shift = draw(runShift)
  const results = template.results.flatMap((result, i) => {
    const { measurement } = result
    if (measurement === null) return []
    const ofSession = draw(session)
    return Array.from({ length: repeats }, (_, repeat) => {
      const shared = random.normal()
      const slow = bimodal > 0 && random.uniform() < bimodal ? 0.17 : 0
      const ofSeed = noise.seeds === undefined ? 0 : noise.seeds * random.fork(`seed ${i} ${repeat}`).normal()
      const factor = (name: Name) => {
        const own = scale(i) * spreads[name] * Math.SQRT1_2 * (shared + random.normal())
        const seeded = ofSeed * spreads[name]
        return (
          Math.exp(own + shift[name] + ofSession[name] + seeded + (name.startsWith('ttft') ? slow : 0)) *
          effect(i, name)
        )
      }
      return {
        ...result,
        point: {
          ...result.point,
          id: `${result.point.id}-${repeat}`,
          repeat: repeat + 1,
          load: { ...result.point.load, seed: noise.seeds === undefined ? run * 1000 + repeat : repeat },
        },
        measurement: scaled(measurement, factor),
      }
    })
  })
  return { ...template, results }
}

function scaled(measurement: Measurement, factor: (name: Name) => number): Measurement {
  const times = (of: Distribution | null, p50: Name, p95: Name) =>
    of === null ? null : { ...of, p50: (of.p50 ?? Number.NaN) * factor(p50), p95: (of.p95 ?? Number.NaN) * factor(p95) }
  const { outputTokensPerSPerUser: user } = measurement
  return {
    ...measurement,
    ttftMs: times(measurement.ttftMs, 'ttft50', 'ttft95'),
    itlMs: times(measurement.itlMs, 'itl50', 'itl95'),
    requestLatencyMs: times(measurement.requestLatencyMs, 'latency95', 'latency95'),
    outputTokensPerSPerUser: user === null ? null : { ...user, mean: user.mean / factor('user') },
    outputTokensPerS: (measurement.outputTokensPerS ?? Number.NaN) / factor('gpu'),
  }
}
