/** Unit of a trace's times that are plain numbers. */
export type TraceUnit = keyof typeof unitMs

/** Milliseconds of a unit. */
export const unitMs = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 } as const

/** Units that a sweep file may name, from long to short. */
export const traceUnits = Object.keys(unitMs) as readonly TraceUnit[]

/** How the times of a trace were interpreted. */
export interface TraceTime {
  /** `date` for dates, which need no unit. */
  readonly unit: TraceUnit | 'date'
  /**
   * Why this unit was chosen, to follow "because"; null if nothing was guessed: dates, or a unit that the user chose.
   */
  readonly guessed: string | null
  /** Evidence against a unit that the user chose; absent if there is none. */
  readonly doubt?: string
}

/** Properties of the numbers in a trace. */
export interface TraceNumbers {
  readonly count: number
  readonly first: number
  readonly last: number
  /** Whether any has a fraction. */
  readonly fractions: boolean
}

/** The years 2000 and 2100 in seconds since 1970. */
const epochS = [9.4e8, 4.2e9] as const

/** A higher mean number of requests/s over a whole trace indicates a wrong unit rather than a busy service. */
const mostPerS = 500
/**
 * Lower limit for a trace that would be shorter than a minute in milliseconds, or whose times have fractions, which
 * times in ms rarely do.
 */
const mostPerSWhenShort = 100
const mostPerSWithFractions = 20
const shortMs = 60_000

const byCustom = 'Mooncake’s traces have them so, and the rate is a likely one'

/**
 * Most likely unit of times that are plain numbers: milliseconds (Mooncake's unit) unless the numbers indicate
 * otherwise. A time since 1970 reveals its unit by its size. Requests that would be too dense in milliseconds are in
 * seconds, and those that would be too sparse in microseconds or nanoseconds.
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
  if (count >= fewRequests && span > 0 && perS < leastPerS)
    return {
      unit: likelierOf(['us', 'ns'], perS),
      why: `in milliseconds ${count.toLocaleString('en-US')} requests would take ${Number((span / dayMs).toPrecision(3)).toLocaleString('en-US')} days`,
    }
  return { unit: 'ms', why: byCustom }
}

/** A rate below one request per 100 s, over a trace of some length, also indicates a wrong unit. */
const leastPerS = 0.01
const fewRequests = 50
const dayMs = 86_400_000

/** A usual rate, from which the likelier of two units is nearer. */
const usualPerS = 5

/** @param perS requests/s if the times were in ms */
function likelierOf(units: readonly [TraceUnit, TraceUnit], perS: number): TraceUnit {
  const distance = (unit: TraceUnit) => Math.abs(Math.log(perS / unitMs[unit] / usualPerS))
  const [one, other] = units
  return distance(one) <= distance(other) ? one : other
}

/** Evidence against interpreting a trace's numbers in this unit, to follow "but"; null if there is none. */
export function doubtOf(unit: TraceUnit, numbers: TraceNumbers): string | null {
  const likely = inferredUnit(numbers)
  if (likely.unit === unit) return null
  if (likely.why !== byCustom) return `${nameOf(likely.unit)} are likelier: ${likely.why}`
  const spanS = ((numbers.last - numbers.first) * unitMs[unit]) / 1000
  const perS = spanS > 0 ? (numbers.count - 1) / spanS : 0
  if (spanS <= 0 || (perS <= mostPerS && (perS >= leastPerS || numbers.count < fewRequests))) return null
  return `${nameOf('ms')} are likelier: in ${nameOf(unit)} ${numbers.count.toLocaleString('en-US')} requests would take ${Number(spanS.toPrecision(3)).toLocaleString('en-US')} s`
}

/** Name of a unit. */
export function nameOf(unit: TraceUnit): string {
  return { s: 'seconds', ms: 'milliseconds', us: 'microseconds', ns: 'nanoseconds' }[unit]
}
