import type { RequestClass } from './question.ts'
import type { ResponseStep } from './response.ts'

/** Energy use of a deployment's GPUs for a day's traffic, from the measured power of its points. */
export interface FleetEnergy {
  /** Mean power of the GPUs of all replicas over the day in W; without hosts, network and cooling. */
  readonly meanPowerW: number
  /** kWh in a month in which every day is like the planned day. */
  readonly kwhPerMonth: number
  /**
   * Hours of the day with less load than the lightest measured one. They count with its power, which is an upper bound.
   */
  readonly lighterHours: number
}

interface ClassPower {
  readonly request: Pick<RequestClass, 'share'>
  readonly steps: readonly ResponseStep[]
  /** Requests/s of this kind alone that one replica answers. */
  readonly alone: { readonly requestsPerS: number }
}

/**
 * Power of all replicas over a day, interpolated linearly between measured loads.
 * @param day utilization of each hour, 0–1 of what the replicas answer within the SLO
 * @returns null if the power of any point is unknown
 */
export function energyOfFleet(
  classes: readonly ClassPower[],
  day: readonly number[],
  replicas: number,
  hoursOfMonth: number,
): FleetEnergy | null {
  const powers = classes.map(({ steps }) =>
    steps.map(({ requestsPerS, point }) => ({ requestsPerS, watts: point.figures.gpu_power_mean_w?.mean ?? null })),
  )
  if (day.length === 0 || powers.some(steps => steps.length === 0 || steps.some(({ watts }) => watts === null)))
    return null
  // Kinds of requests share a replica in proportion to the time they take.
  const times = classes.map(({ request, alone }) => request.share / alone.requestsPerS)
  const all = times.reduce((sum, time) => sum + time, 0)
  let lighterHours = 0
  const hours = day.map(use => {
    let isLighter = false
    const watts = classes.reduce((sum, { alone }, i) => {
      const steps = powers[i] ?? []
      const rate = use * alone.requestsPerS
      isLighter ||= rate < (steps[0]?.requestsPerS ?? 0)
      return sum + ((times[i] ?? 0) / all) * wattsAt(steps, rate)
    }, 0)
    if (isLighter) lighterHours++
    return replicas * watts
  })
  const meanPowerW = hours.reduce((sum, watts) => sum + watts, 0) / hours.length
  return { meanPowerW, kwhPerMonth: (meanPowerW * hoursOfMonth) / 1000, lighterHours }
}

function wattsAt(
  steps: readonly { readonly requestsPerS: number; readonly watts: number | null }[],
  rate: number,
): number {
  const next = steps.findIndex(({ requestsPerS }) => requestsPerS >= rate)
  const after = steps[next] ?? steps.at(-1)
  const before = next > 0 ? steps[next - 1] : undefined
  if (after === undefined) return 0
  if (next === -1 || before === undefined) return after.watts ?? 0
  const span = after.requestsPerS - before.requestsPerS
  const part = span <= 0 ? 1 : (rate - before.requestsPerS) / span
  return (before.watts ?? 0) + part * ((after.watts ?? 0) - (before.watts ?? 0))
}
