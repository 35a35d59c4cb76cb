import type { EnergyBasis } from '../../metrics/gpu.ts'
import { largest } from '../../model/index.ts'

/** A value at a time, ms. */
export interface At {
  readonly atMs: number
  readonly value: number
  /** The value is from a moment between this and `atMs`; absent if it is from `atMs`. */
  readonly sinceMs?: number
}

/** A window on the same clock, ms. */
export interface Span {
  readonly startMs: number
  readonly endMs: number
}

/** Energy of a window and its error bound, J. */
export interface Energy {
  readonly joules: number
  readonly errorJ: number
  readonly from: EnergyBasis
}

/** If more than this share of the window is uncovered, or the error is larger, the energy is unknown. */
const mostError = 0.25

/**
 * Energy from a counter: the difference between its values at the two ends of the window. Each of these is interpolated
 * between the two moments at which the counter was seen to change. The counter only grows, so its value lies between
 * those two, and the error is at most the distance to the further one. Where a page shows a change late, the error
 * includes what may have been added since. A step backwards (a reloaded driver) makes the energy unknown unless it lies
 * outside the window.
 * @returns null if the counter does not span the window
 */
export function energyByCounter(counter: readonly At[], { startMs, endMs }: Span): Energy | null {
  // While a page or driver repeats a value, the true value is only known to be at least that.
  const moves = counter.filter(({ value }, i) => i === 0 || value !== counter[i - 1]?.value)
  const from = moves.findLastIndex(({ atMs }) => atMs <= startMs)
  const to = moves.findIndex(({ atMs }) => atMs >= endMs)
  if (from === -1 || to === -1 || endMs <= startMs) return null
  const within = moves.slice(from, to + 1)
  if (wasSetBack(within)) return null
  const back = moves.findIndex(({ value }, i) => i > to && value < (moves[i - 1]?.value ?? value))
  const known = moves.slice(from, back === -1 ? undefined : back)
  const [first, last] = [valueAt(known, startMs), valueAt(known, endMs)]
  if (first === null || last === null) return null
  return { joules: last.value - first.value, errorJ: first.error + last.error, from: 'counter' }
}

const earliestOf = ({ atMs, sinceMs = atMs }: At) => sinceMs
const middleOf = (move: At) => (earliestOf(move) + move.atMs) / 2

/** The counter at a moment: between the last value that is certainly older and the first one that is certainly newer. */
function valueAt(moves: readonly At[], atMs: number): { readonly value: number; readonly error: number } | null {
  const last = moves.findLastIndex(move => move.atMs <= atMs)
  const [before, after] = [moves[last], moves[last + 1]]
  if (before === undefined) return null
  if (earliestOf(before) === atMs) return { value: before.value, error: 0 }
  const most = mostAt(moves, last, atMs)
  if (after === undefined) return { value: before.value, error: most - before.value }
  const [fromMs, toMs] = [middleOf(before), middleOf(after)]
  const part = Math.min(1, (atMs - fromMs) / (toMs - fromMs))
  const value = before.value + part * (after.value - before.value)
  return { value, error: Math.max(value - before.value, most - value) }
}

/** The counter's highest possible value: that of its next newer value, else what its highest power seen would add. */
function mostAt(moves: readonly At[], from: number, atMs: number): number {
  const newer = moves.slice(from).find(move => earliestOf(move) >= atMs)
  if (newer !== undefined) return newer.value
  const slopes = moves.slice(1).map(({ atMs: toMs, value }, i) => {
    const { atMs: fromMs, value: before } = moves[i] ?? { atMs: toMs, value }
    return toMs > fromMs ? (value - before) / (toMs - fromMs) : 0
  })
  const last = moves.at(-1)
  return last === undefined ? 0 : last.value + largest([0, ...slopes]) * (atMs - earliestOf(last))
}

/**
 * Energy from samples of power by the trapezoidal rule, with the ends of the window interpolated. Between two samples,
 * the power may have been either value, so the error is half of their difference times their distance, or all of it
 * where the window cuts that interval. Where the window has no sample, the nearest power is used, and all of that
 * energy counts as error.
 */
export function energyBySamples(power: readonly At[], { startMs, endMs }: Span): Energy | null {
  if (endMs <= startMs || power.length < 2) return null
  const [first, last] = [power[0], power.at(-1)]
  if (first === undefined || last === undefined || last.atMs <= startMs || first.atMs >= endMs) return null
  let [joules, errorJ] = [0, 0]
  const add = (seconds: number, a: number, b: number, error: number) => {
    joules += (seconds * (a + b)) / 2
    errorJ += seconds * error
  }
  const lead = Math.max(0, first.atMs - startMs) / 1000
  const trail = Math.max(0, endMs - last.atMs) / 1000
  add(lead, first.value, first.value, first.value)
  add(trail, last.value, last.value, last.value)
  for (const [i, after] of power.entries()) {
    const before = power[i - 1]
    if (before === undefined || after.atMs <= startMs || before.atMs >= endMs || after.atMs <= before.atMs) continue
    const at = (ms: number) =>
      before.value + ((ms - before.atMs) / (after.atMs - before.atMs)) * (after.value - before.value)
    const [fromMs, toMs] = [Math.max(before.atMs, startMs), Math.min(after.atMs, endMs)]
    // The step may be anywhere in the interval. For a whole interval, the interpolation errs by at most half of the
    // step; for a part of one, by all of it.
    const isWhole = fromMs === before.atMs && toMs === after.atMs
    const apart = Math.abs(after.value - before.value)
    add((toMs - fromMs) / 1000, at(fromMs), at(toMs), isWhole ? apart / 2 : apart)
  }
  return { joules, errorJ, from: 'samples' }
}

/** Whether the energy is precise enough to report. */
export const isExactEnough = ({ joules, errorJ }: Energy): boolean => joules > 0 && errorJ <= mostError * joules

/** Upper bound of the power of a GPU, W, with a margin. Larger values are in another unit. */
const mostWatts = 5000
/** Idle GPUs draw more than this. */
const fewestWatts = 1
/**
 * A one-second average lags, so counter and gauge differ somewhat. Different units differ by a factor of a thousand.
 */
const mostApart = 4
/** Time over which the counter is compared with the gauge, s. */
const enoughS = 2

/** Whether a counter started over, as after a driver is loaded again. */
export const wasSetBack = (counter: readonly At[]): boolean =>
  counter.some(({ value }, i) => value < (counter[i - 1]?.value ?? value))

/** The contradiction between the units of a GPU's counter and gauge, in words; null if they agree. */
export function unitTrouble(counter: readonly At[], power: readonly At[]): string | null {
  const highest = power.length === 0 ? null : largest(power.map(({ value }) => value))
  if (highest !== null && (highest > mostWatts || highest < fewestWatts))
    return `its power is ${round(highest)} W at most, which no GPU draws`
  const [first, last] = [counter[0], counter.at(-1)]
  // A counter that was set back says nothing about its unit.
  if (first === undefined || last === undefined || wasSetBack(counter)) return null
  if (last.atMs - first.atMs < enoughS * 1000 || last.value <= first.value) return null
  const byCounter = (last.value - first.value) / ((last.atMs - first.atMs) / 1000)
  if (byCounter > mostWatts || byCounter < fewestWatts)
    return `its energy counter moves by ${round(byCounter)} W, which no GPU draws`
  const span = { startMs: first.atMs, endMs: last.atMs }
  const sampled = energyBySamples(power, span)
  if (sampled === null) return null
  const byGauge = sampled.joules / ((last.atMs - first.atMs) / 1000)
  if (byGauge / byCounter <= mostApart && byCounter / byGauge <= mostApart) return null
  return `its energy counter says ${round(byCounter)} W and its power ${round(byGauge)} W`
}

const round = (value: number) => Number(value.toPrecision(3))
