/** SYNTHETIC histories whose noise is known, for tests and benchmarks of history; see synthetic-run.ts. */
import type { Track } from '../../src/analysis/history/level-changes.ts'
import type { Run } from '../../src/journal/run.ts'
import type { Random } from '../../src/model/index.ts'
import { aggregated, disaggregated, syntheticRun } from './synthetic-run.ts'

export interface MadeNights {
  readonly nights: number
  /** Correlation of a night with the one before. */
  readonly memory: number
  readonly repeats?: number
  /** Standard deviation between nights, as a multiple of that between repeats; 1 unless told. */
  readonly between?: number
  /** Relative step on all times from a night on. */
  readonly step?: number
  readonly from?: number
  /** Points that the step is at; all unless told. */
  readonly stepPoints?: number
  /** The step is of TTFT alone. */
  readonly onlyTtft?: boolean
  /** Share of nights that are 20% slower at all points. */
  readonly odd?: number
}

/** Standard deviations of the logarithm between repeats, by figure. */
const spreads = {
  ttft_p95_ms: 0.03,
  itl_p95_ms: 0.01,
  output_tokens_per_s_per_user: 0.01,
  output_tokens_per_s_per_gpu: 0.01,
}
type Name = keyof typeof spreads
const names = Object.keys(spreads) as Name[]

/** Six points. */
const template = syntheticRun({
  workloads: [[8000, 256]],
  topologies: [aggregated(2), disaggregated(1, 1)],
  concurrencies: [4, 16, 64],
})
const points = template.results.length
/** How much of a night's variance all series of it share. */
const inCommon = 0.3

/**
 * Logarithms of the factors on times, night by night: of the night at each point and figure, without the noise of
 * repeats.
 */
function strays(random: Random, made: MadeNights): readonly (readonly Record<Name, number>[])[] {
  const { memory, between = 1, step = 0, from = 0, stepPoints = points, odd = 0 } = made
  const fresh = Math.sqrt(1 - memory * memory)
  let shared = random.normal()
  const own = Array.from({ length: points }, () => names.map(() => random.normal()))
  return Array.from({ length: made.nights }, (_, night) => {
    if (night > 0) shared = memory * shared + fresh * random.normal()
    const oddNight = random.uniform() < odd ? 0.2 : 0
    return own.map((values, point) => {
      if (night > 0) for (const [i, value] of values.entries()) values[i] = memory * value + fresh * random.normal()
      const stray = (name: Name, i: number) => {
        const drawn = Math.sqrt(inCommon) * shared + Math.sqrt(1 - inCommon) * (values[i] ?? 0)
        const stepped = night >= from && point < stepPoints && (!made.onlyTtft || name === 'ttft_p95_ms')
        return between * spreads[name] * drawn + oddNight + (stepped ? Math.log1p(step) : 0)
      }
      return Object.fromEntries(names.map((name, i) => [name, stray(name, i)])) as Record<Name, number>
    })
  })
}

/** What history follows of such nights: 24 tracks, without the noise of making runs of them. */
export function madeTracks(random: Random, made: MadeNights): readonly Track[] {
  const noise = 1 / Math.sqrt(made.repeats ?? 3)
  const nights = strays(random, made)
  return Array.from({ length: points }, (_, point) =>
    names.map(name => ({
      family: name,
      values: nights.map((night, run) => ({
        run,
        log: (night[point]?.[name] ?? 0) + spreads[name] * noise * random.normal(),
      })),
    })),
  ).flat()
}

/** The same nights as runs, oldest first. */
export function madeNights(random: Random, made: MadeNights): readonly Run[] {
  return strays(random, made).map((night, index) => ({
    ...template,
    manifest: {
      ...template.manifest,
      runId: `night-${index}`,
      createdAt: new Date(Date.UTC(2026, 0, 1 + index)).toISOString(),
    },
    results: template.results.flatMap((result, point) =>
      Array.from({ length: made.repeats ?? 3 }, (_, repeat) => {
        const { measurement } = result
        if (measurement === null) return result
        const factor = (name: Name) => Math.exp((night[point]?.[name] ?? 0) + spreads[name] * random.normal())
        const { ttftMs, itlMs, outputTokensPerSPerUser: user } = measurement
        return {
          ...result,
          point: { ...result.point, id: `${result.point.id}-${repeat}`, repeat: repeat + 1 },
          measurement: {
            ...measurement,
            ttftMs: ttftMs === null ? null : { ...ttftMs, p95: (ttftMs.p95 ?? Number.NaN) * factor('ttft_p95_ms') },
            itlMs: itlMs === null ? null : { ...itlMs, p95: (itlMs.p95 ?? Number.NaN) * factor('itl_p95_ms') },
            outputTokensPerSPerUser:
              user === null ? null : { ...user, mean: user.mean / factor('output_tokens_per_s_per_user') },
            outputTokensPerS: (measurement.outputTokensPerS ?? Number.NaN) / factor('output_tokens_per_s_per_gpu'),
          },
        }
      }),
    ),
  }))
}
