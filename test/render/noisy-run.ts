/** SYNTHETIC runs with noise between repeats, for tests of comparison; see synthetic-run.ts. */
import type { PointResult } from '../../src/journal/event.ts'
import type { Run } from '../../src/journal/run.ts'
import type { Distribution } from '../../src/metrics/measurement.ts'
import { contentId } from '../../src/model/index.ts'
import type { SyntheticOptions } from './synthetic-run.ts'
import { syntheticRun } from './synthetic-run.ts'

export interface Disturbance {
  readonly seed: number
  /** Standard deviation of the noise, relative; 0.02 unless told. */
  readonly noise?: number
  /** Factor on all times of a result. */
  readonly slower?: (result: PointResult) => number
}

/** A standard normal number from a hash (Box–Muller): the same on every machine. */
function normal(seed: string): number {
  const uniform = (salt: string) => (Number.parseInt(contentId([seed, salt]).slice(0, 8), 16) + 0.5) / 2 ** 32
  return Math.sqrt(-2 * Math.log(uniform('r'))) * Math.cos(2 * Math.PI * uniform('angle'))
}

function scaled(distribution: Distribution | null, factor: number): Distribution | null {
  if (distribution === null) return null
  const { count, ...figures } = distribution
  const times = Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, (value ?? Number.NaN) * factor]),
  )
  return { ...distribution, ...times, count }
}

/** The synthetic run with every result's times multiplied by noise of its own. */
export function noisyRun(options: SyntheticOptions, { seed, noise = 0.02, slower = () => 1 }: Disturbance): Run {
  return syntheticRun({
    ...options,
    change: result => {
      const { measurement } = result
      if (measurement === null) return result
      const factor = Math.exp(noise * normal(`${seed} ${result.point.id}`)) * slower(result)
      return {
        ...result,
        measurement: {
          ...measurement,
          ttftMs: scaled(measurement.ttftMs, factor),
          itlMs: scaled(measurement.itlMs, factor),
          requestLatencyMs: scaled(measurement.requestLatencyMs, factor),
          outputTokensPerSPerUser: scaled(measurement.outputTokensPerSPerUser, 1 / factor),
          outputTokensPerS: (measurement.outputTokensPerS ?? Number.NaN) / factor,
          inputTokensPerS: (measurement.inputTokensPerS ?? Number.NaN) / factor,
          requestsPerS: (measurement.requestsPerS ?? Number.NaN) / factor,
        },
      }
    },
  })
}
