/** The visible range of an axis. Logarithmic ranges are above 0. */
export interface Range {
  readonly min: number
  readonly max: number
  readonly log: boolean
}

const forth = (value: number, log: boolean) => (log ? Math.log(value) : value)
const back = (value: number, log: boolean) => (log ? Math.exp(value) : value)

/** Position of a value in a range: 0 at its start, 1 at its end. */
export function shareOf({ min, max, log }: Range, value: number): number {
  return (forth(value, log) - forth(min, log)) / (forth(max, log) - forth(min, log))
}

/** The value at a position in a range. */
export function valueAt({ min, max, log }: Range, share: number): number {
  return back(forth(min, log) + share * (forth(max, log) - forth(min, log)), log)
}

/**
 * Zooms in (factor above 1) or out, keeping the value at `at` in place.
 * @param at position in the range
 */
export function zoomed(range: Range, factor: number, at: number): Range {
  return { min: valueAt(range, at * (1 - 1 / factor)), max: valueAt(range, at + (1 - at) / factor), log: range.log }
}

/** Moves the range by a share of its length. */
export function panned(range: Range, share: number): Range {
  return { min: valueAt(range, share), max: valueAt(range, 1 + share), log: range.log }
}

/**
 * The range that contains all values, with a margin, and 0 if a linear range starts near it. A logarithmic range
 * contains the values above 0. Without values, it is 0 to 1 (1 to 10).
 */
export function rangeOf(values: Iterable<number>, log: boolean): Range {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (!Number.isFinite(value) || (log && value <= 0)) continue
    if (value < min) min = value
    if (value > max) max = value
  }
  if (min > max) return log ? { min: 1, max: 10, log } : { min: 0, max: 1, log }
  // Values that differ only by rounding count as equal.
  if (max - min <= 1e-9 * Math.max(Math.abs(min), Math.abs(max))) {
    if (log) return { min: Math.max(min / 2, Number.MIN_VALUE), max: max * 2, log }
    // The smallest positive number can't be halved.
    const half = max === 0 ? 1 : Math.max(Math.abs(max) / 2, Number.MIN_VALUE)
    return { min: min - half, max: max + half, log }
  }
  const tight = { min, max, log }
  const low = valueAt(tight, -0.05)
  const begin = !log && min >= 0 && (low < 0 || min < (max - min) / 2) ? 0 : low
  return { min: begin, max: valueAt(tight, 1.05), log }
}

/**
 * Round tick values, about as many as requested: 1, 2 or 5 times a power of ten. A logarithmic range of less than two
 * decades gets ticks like a linear one.
 */
export function ticksOf(range: Range, about: number): readonly number[] {
  const { min, max, log } = range
  if (log) {
    const powers = Math.log10(max / min)
    const steps = powers >= about ? [1] : powers >= about / 2 ? [1, 3] : powers >= 1.2 ? [1, 2, 5] : null
    if (steps !== null) {
      const skip = Math.max(1, Math.ceil(powers / about))
      const first = Math.floor(Math.log10(min))
      const ticks: number[] = []
      for (let power = first; power <= Math.ceil(Math.log10(max)); power += skip)
        for (const step of steps) {
          const tick = Number(`${step}e${power}`)
          if (tick >= min && tick <= max) ticks.push(tick)
        }
      return ticks
    }
  }
  const rough = (max - min) / Math.max(1, about)
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find(factor => factor * power >= rough) ?? 10)
  const digits = Math.max(0, -Math.floor(Math.log10(step)))
  const first = Math.ceil(min / step)
  const count = Math.floor(max / step) - first + 1
  return Array.from({ length: Math.max(0, count) }, (_, i) =>
    digits > 20 ? (first + i) * step : Number(((first + i) * step).toFixed(digits)),
  )
}
