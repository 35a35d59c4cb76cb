import type { Slo } from '../../model/index.ts'
import type { CapacityQuestion } from './question.ts'

/** Assumptions of a plan, in addition to measurements. */
export type Assumption =
  | 'traffic'
  | 'ISL'
  | 'OSL'
  | 'TTFT p95 limit'
  | 'ITL p95 limit'
  | 'latency p95 limit'
  | 'GPU price'

/** One changed assumption. */
export interface Moved {
  readonly assumption: Assumption
  /** −0.2 is 20% less. */
  readonly by: number
  readonly question: CapacityQuestion
}

interface Lever {
  readonly assumption: Assumption
  times(factor: number): CapacityQuestion
}

/** The question with each assumption 20% lower and higher, one at a time. */
export function movedQuestions(question: CapacityQuestion): readonly Moved[] {
  return leversOf(question).flatMap(({ assumption, times }) =>
    [-0.2, 0.2].map(by => ({ assumption, by, question: times(1 + by) })),
  )
}

function leversOf(question: CapacityQuestion): readonly Lever[] {
  const { traffic, slo, fleet } = question
  const price = fleet.gpuPricePerHour
  const withTraffic = (changed: Partial<typeof traffic>) => ({ ...question, traffic: { ...traffic, ...changed } })
  const limit = (assumption: Assumption, key: keyof Slo): Lever[] => {
    const value = slo[key]
    if (value === undefined) return []
    return [{ assumption, times: factor => ({ ...question, slo: { ...slo, [key]: value * factor } }) }]
  }
  return [
    { assumption: 'traffic', times: factor => timesTraffic(question, factor) },
    {
      assumption: 'ISL',
      times: factor => withTraffic({ mix: traffic.mix.map(one => ({ ...one, isl: one.isl * factor })) }),
    },
    {
      assumption: 'OSL',
      times: factor => withTraffic({ mix: traffic.mix.map(one => ({ ...one, osl: one.osl * factor })) }),
    },
    ...limit('TTFT p95 limit', 'ttftP95Ms'),
    ...limit('ITL p95 limit', 'itlP95Ms'),
    ...limit('latency p95 limit', 'requestLatencyP95Ms'),
    ...(price === null
      ? []
      : [
          {
            assumption: 'GPU price' as const,
            times: (factor: number) => ({ ...question, fleet: { ...fleet, gpuPricePerHour: price * factor } }),
          },
        ]),
  ]
}

/** The question with its traffic multiplied by a factor. */
export function timesTraffic(question: CapacityQuestion, factor: number): CapacityQuestion {
  const { demand } = question.traffic
  const scaled =
    demand.kind === 'users'
      ? { ...demand, users: demand.users * factor }
      : { ...demand, requestsPerS: demand.requestsPerS * factor }
  return { ...question, traffic: { ...question.traffic, demand: scaled } }
}
