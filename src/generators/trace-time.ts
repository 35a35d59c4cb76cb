/** Unit of the times of a trace that are plain numbers. */
export type TraceUnit = keyof typeof unitMs

/** Milliseconds of a unit. */
export const unitMs = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 } as const

export const traceUnits = Object.keys(unitMs) as readonly TraceUnit[]

/** How the times of a trace were read. */
export interface TraceTime {
  /** `date` says its own unit. */
  readonly unit: TraceUnit | 'date'
  /**
   * Why this unit was taken, to stand after "because"; null where nothing had to be guessed: dates, or a unit that was
   * asked for.
   */
  readonly guessed: string | null
  /** What speaks against a unit that was asked for; absent where nothing does. */
  readonly doubt?: string
}

/** What the numbers of a trace look like. */
export interface TraceNumbers {
  readonly count: number
  readonly first: number
  readonly last: number
  /** Whether one of them has a fraction. */
  readonly fractions: boolean
}

/** 2000 and 2100 in seconds since 1970. */
const epochS = [9.4e8, 4.2e9] as const

/** More requests/s than this, on average over a whole trace, are a unit that was mistaken rather than a service. */
const mostPerS = 500
/**
 * Less is asked of a trace that milliseconds would make shorter than a minute, or whose times have fractions, which
 * those in ms seldom do.
 */
const mostPerSWhenShort = 100
const mostPerSWithFractions = 20
const shortMs = 60_000

const byCustom = 'Mooncake’s traces have them so, and the rate is a likely one'

/**
 * The likeliest unit of times that are plain numbers. Milliseconds (Mooncake's unit) unless the numbers say otherwise:
 * a time since 1970 shows its unit by its size, and requests that milliseconds would crowd beyond any service are in
 * seconds.
 */
export function inferredUnit({ count, first, last, fractions }: TraceNumbers): {
  readonly unit: TraceUnit
  readonly why: string
} {
  for (const unit of traceUnits) {
    const seconds = (first * unitMs[unit]) / 1000
    if (seconds >= epochS[0] && seconds <= epochS[1]) {
      const day = new Date(seconds * 1000).toISOString().slice(0, 10)
      return { unit, why: `in ${nameOf(unit)} since 1970 the first is of ${day}` }
    }
  }
  const span = last - first
  const perS = span > 0 ? (1000 * (count - 1)) / span : 0
  if (perS > (fractions ? mostPerSWithFractions : span < shortMs ? mostPerSWhenShort : mostPerS))
    return {
      unit: 's',
      why: `${fractions ? 'they have fractions, and ' : ''}in milliseconds ${count.toLocaleString('en-US')} requests would come within ${Number((span / 1000).toPrecision(3))} s`,
    }
  return { unit: 'ms', why: byCustom }
}

/** Fewer requests/s than one each 200 s, over a whole trace of some length, are a unit that was mistaken as well. */
const leastPerS = 0.005
const fewRequests = 50

/** What speaks against reading a trace's numbers in this unit, to stand after "but"; null where nothing does. */
export function doubtOf(unit: TraceUnit, numbers: TraceNumbers): string | null {
  const likely = inferredUnit(numbers)
  if (likely.unit === unit) return null
  if (likely.why !== byCustom) return `${nameOf(likely.unit)} are likelier: ${likely.why}`
  const spanS = ((numbers.last - numbers.first) * unitMs[unit]) / 1000
  const perS = spanS > 0 ? (numbers.count - 1) / spanS : 0
  if (spanS <= 0 || (perS <= mostPerS && (perS >= leastPerS || numbers.count < fewRequests))) return null
  return `${nameOf('ms')} are likelier: in ${nameOf(unit)} ${numbers.count.toLocaleString('en-US')} requests would take ${Number(spanS.toPrecision(3)).toLocaleString('en-US')} s`
}

/** The unit in words. */
export function nameOf(unit: TraceUnit): string {
  return { s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds' }[unit]
}
