import type { Arrivals, Load, LoadLevel, Stage } from './load.ts'
import { createRandom, type Random } from './numbers/random.ts'

/** An open loop whose send times can be drawn in advance. */
export type ScheduledLevel = Extract<LoadLevel, { kind: 'rate' | 'stages' }>

/** When to stop: after this many arrivals, or before this time; otherwise at the end of the stages. */
export type ArrivalLimit = Pick<Load, 'requests' | 'durationS'>

/**
 * Send times in ms after the start, one at a time, ascending; infinity after the last. The same seed gives the same
 * times.
 *
 * Arrivals are drawn on a time scale in which the rate is 1, then mapped by the inverse of the integrated rate (time
 * rescaling, Brown et al. 2002). This is exact for both ramps and constant rates. After its last stage, a ramp keeps
 * its rate.
 */
export function arrivalSource(level: ScheduledLevel, limit: ArrivalLimit, seed: number): () => number {
  const gaps = unitGaps(level.arrivals, createRandom(seed).fork('arrivals'))
  const stages =
    level.kind === 'stages' ? level.stages : [{ requestsPerS: level.requestsPerS, durationS: 0, jump: true }]
  const timeOf = inverseIntegratedRate(stages)
  const most = limit.requests ?? Number.POSITIVE_INFINITY
  const stagesEndS = stages.reduce((sum, stage) => sum + stage.durationS, 0)
  const endS = limit.durationS ?? (limit.requests === undefined ? stagesEndS : Number.POSITIVE_INFINITY)
  let arrivals = 0
  let drawn = 0
  return () => {
    if (drawn >= most) return Number.POSITIVE_INFINITY
    arrivals += drawn === 0 ? gaps.first() : gaps.next()
    drawn += 1
    const timeS = timeOf(arrivals)
    if (timeS < endS) return timeS * 1000
    drawn = Number.POSITIVE_INFINITY
    return Number.POSITIVE_INFINITY
  }
}

interface Gaps {
  first(): number
  next(): number
}

/** Gaps with a mean of 1. A constant rate sends its first request at once; a random one after its first gap. */
function unitGaps(arrivals: Arrivals, random: Random): Gaps {
  switch (arrivals.kind) {
    case 'constant':
      return { first: () => 0, next: () => 1 }
    case 'poisson':
      return { first: random.exponential, next: random.exponential }
    case 'gamma': {
      const gap = () => random.gamma(arrivals.burstiness)
      return { first: gap, next: gap }
    }
  }
}

/** Maps the expected number of arrivals to the time in seconds at which that many are due; infinity if never. */
function inverseIntegratedRate(stages: readonly Stage[]): (arrivals: number) => number {
  const parts: { startS: number; from: number; to: number; durationS: number; before: number; within: number }[] = []
  let startS = 0
  let before = 0
  let rate = 0
  for (const stage of stages) {
    const from = stage.jump ? stage.requestsPerS : rate
    const within = ((from + stage.requestsPerS) / 2) * stage.durationS
    parts.push({ startS, from, to: stage.requestsPerS, durationS: stage.durationS, before, within })
    startS += stage.durationS
    before += within
    rate = stage.requestsPerS
  }
  let at = 0
  return arrivals => {
    // Called in ascending order, so it never goes back to an earlier stage.
    for (let part = parts[at]; part !== undefined; part = parts[++at]) {
      if (arrivals < part.before + part.within) return part.startS + timeWithin(part, arrivals - part.before)
    }
    return rate > 0 ? startS + (arrivals - before) / rate : Number.POSITIVE_INFINITY
  }
}

/**
 * Solves from·t + (to − from)·t²/(2·duration) = arrivals for t, in the form that stays exact when the rate hardly
 * changes.
 */
function timeWithin(part: { from: number; to: number; durationS: number }, arrivals: number): number {
  const slope = (part.to - part.from) / part.durationS
  const root = Math.sqrt(Math.max(0, part.from * part.from + 2 * slope * arrivals))
  return arrivals === 0 ? 0 : (2 * arrivals) / (part.from + root)
}
