import { mean, median } from 'simple-statistics'
import { adjustForFalseDiscovery } from '../../metrics/statistics/false-discovery.ts'
import { moderatedVariances } from '../../metrics/statistics/moderated-variance.ts'
import { studentTwoSidedP } from '../../metrics/statistics/student.ts'

/** Values of one figure over runs, on the logarithmic scale. */
export interface Track {
  /** Name of the figure. Tracks of one family have similar noise. */
  readonly family: string
  /** In the order of the runs. */
  readonly values: readonly { readonly run: number; readonly log: number }[]
}

/** Position in a track where its level changes until the next such position. */
export interface LevelChange {
  /** Index of the first value after the change. */
  readonly at: number
  /** Probability of an equally clear change by noise alone, adjusted over the tracks of the look that found it. */
  readonly p: number
  /** Number of values at the look that found it. */
  readonly foundWith: number
}

/** Values that a first level needs before its noise is known well enough to test for a change. */
export const leastBefore = 5
/** Values that a level needs before it can end. */
const leastLevel = 3
/** Values that a new level needs: one or two unusual nights are not a change. */
export const leastAfter = 3

/** Adjusted p below which a look reports a change; chosen by simulation, see docs/bench/statistics.md. */
const perLook = 0.0001

/** Upper bound of the estimated autocorrelation. Beyond it, a level cannot be distinguished from slow drift. */
const mostMemory = 0.95

/**
 * Level changes in tracks that are tested after every run. The function replays these looks, each with the values known
 * at the time; a reported change stays reported. Each look tests, for each track, whether some later part of its values
 * has another level than the part before it, using only the noise of the earlier values. Later nights may move the date
 * of a change by two. Consecutive nights resemble each other (state and temperature of the machine, other jobs), so
 * values are whitened by a first-order autoregression (Cochrane and Orcutt 1949; prewhitening before change detection:
 * von Storch 1995; Bayazit and Önöz 2007). Its coefficient is estimated over all tracks and corrected for its bias in
 * short series (Kendall 1954). Variances of innovations are moderated over the tracks of a family. False discovery is
 * controlled over the tracks of a look (Benjamini and Hochberg 1995).
 *
 * @param runs number of runs; tracks may lack values for some
 * @returns changes of each track, by index
 */
export function levelChanges(
  tracks: readonly Track[],
  runs: number,
  rate = perLook,
): readonly (readonly LevelChange[])[] {
  const states = tracks.map(track => ({
    track,
    logs: track.values.map(({ log }) => log),
    changes: [] as LevelChange[],
  }))
  let known = new Map<number, readonly (Before | null)[]>()
  for (let look = leastBefore + leastAfter; look <= runs; look++) {
    const found = states.flatMap((state, i) => {
      const count = countBefore(state.track, look)
      // Without a value for this run, the track needs no new test.
      if (state.track.values[count - 1]?.run !== look - 1) return []
      const best = sharpest(state, count, run => {
        const before = known.get(run) ?? knownBefore(states, run)
        known.set(run, before)
        return before[i] ?? null
      })
      return [{ state, count, best }]
    })
    const adjusted = adjustForFalseDiscovery(found.map(({ best }) => best?.p ?? 1))
    const called = found.flatMap(({ state, count, best }, i) => {
      const p = adjusted[i] ?? 1
      return best === null || p > rate ? [] : [{ state, change: { at: best.at, p, foundWith: count } }]
    })
    for (const { state, change } of called) state.changes.push(change)
    if (called.length > 0) known = new Map()
  }
  return states.map(dated)
}

/** Maximum error of a look in the night of a change. */
const nightsOff = 2

/**
 * Dates each change using all values between its neighboring changes. The look that found it had few later values and
 * may have taken an outlier just before it as the start. Uses least absolute deviations from the medians of both sides,
 * which unusual nights do not move.
 */
function dated({ track, logs, changes }: State): readonly LevelChange[] {
  let before = 0
  return changes.map((change, i) => {
    const end = changes[i + 1]?.at ?? track.values.length
    const from = Math.max(before + 1, change.at - nightsOff)
    const to = Math.min(end - 1, change.at + nightsOff)
    let best = { at: change.at, deviation: deviations(logs, before, change.at, end) }
    for (let at = from; at <= to; at++) {
      const deviation = deviations(logs, before, at, end)
      if (deviation < best.deviation) best = { at, deviation }
    }
    before = best.at
    return { ...change, at: best.at }
  })
}

const deviations = (logs: readonly number[], from: number, at: number, to: number) =>
  [logs.slice(from, at), logs.slice(at, to)].reduce((sum, side) => {
    const middle = median([...side])
    return side.reduce((rest, value) => rest + Math.abs(value - middle), sum)
  }, 0)

interface State {
  readonly track: Track
  readonly logs: readonly number[]
  readonly changes: LevelChange[]
}

/** Level since the last change and noise of a track, from its values before a run. */
interface Before {
  /** Share of a residual that carries over to the next value. */
  readonly memory: number
  /** Variance of the innovations. */
  readonly variance: number
  readonly freedom: number
  /** Robust standard deviation of values around their level; 0 if most are equal. */
  readonly usual: number
  /** Mean and last value of the level with unusual nights trimmed, and the sum of innovations. */
  readonly level: number
  readonly last: number
  readonly whitened: number
}

function countBefore({ values }: Track, run: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((values[middle]?.run ?? run) < run) low = middle + 1
    else high = middle
  }
  return low
}

/** The later part that differs most from its level, starting within the first `count` values. */
function sharpest(
  { track, logs, changes }: State,
  count: number,
  knownBeforeRun: (run: number) => Before | null,
): { readonly at: number; readonly p: number } | null {
  const start = changes.at(-1)?.at ?? 0
  const first = start + (start === 0 ? leastBefore : leastLevel)
  let best: { readonly at: number; readonly p: number } | null = null
  for (let at = first; at <= count - leastAfter; at++) {
    const before = knownBeforeRun(track.values[at]?.run ?? 0)
    if (before === null) continue
    const p = changeP(before, at - start, logs.slice(at, count))
    if (best === null || p < best.p) best = { at, p }
  }
  return best
}

/** Two-sided p of a level change between the `count` values before and the values after. */
function changeP(before: Before, count: number, after: readonly number[]): number {
  const all = stepOf(before, count, after)
  // Trimming unusual nights only reduces a step, so a step that is too small before trimming stays so.
  if (Math.abs(all) < promising) return 1
  const cut = stepOf(before, count, lasting(after, before, Math.sign(all)))
  // If unusual nights caused the step, trimming them reverses its sign.
  return cut * all <= 0 ? 1 : studentTwoSidedP(cut, before.freedom)
}

/** A step of fewer standard errors is never reported, so its p is not needed. */
const promising = 2

/** Minimum variance of a logarithm. Nights that agree to a millionth differ only by rounding, which is not noise. */
const leastVariance = 1e-12

/**
 * A step's size divided by its standard error, by generalized least squares: the values are whitened (each minus the
 * share carried over from the previous one) and fitted with a level and a step.
 */
function stepOf(before: Before, count: number, after: readonly number[]): number {
  const { memory } = before
  const kept = 1 - memory
  let onStep = 0
  let last = before.last
  let sum = 0
  for (const [i, value] of after.entries()) {
    const fresh = value - memory * last
    last = value
    onStep += (i === 0 ? 1 : kept) * fresh
    sum += fresh
  }
  const onLevel = before.whitened + kept * sum
  const later = after.length - 1
  const level = 1 - memory * memory + (count + later) * kept * kept
  const step = 1 + later * kept * kept
  const both = kept + later * kept * kept
  const determinant = level * step - both * both
  const size = (level * onStep - both * onLevel) / determinant
  return size / Math.sqrt((Math.max(before.variance, leastVariance) * level) / determinant)
}

/** Robust standard deviations by which values of a new level may exceed their lower third. */
const usualSpread = 2

/**
 * Values after a change, capped slightly above their lower third: unusual nights among usual ones are not a change,
 * however large.
 */
function lasting(values: readonly number[], { level, usual }: Before, sign: number): readonly number[] {
  const residuals = values.map(value => sign * (value - level)).sort((a, b) => a - b)
  const most = (residuals[Math.floor(values.length / 3) - 1] ?? 0) + usualSpread * usual
  return values.map(value => level + sign * Math.min(most, sign * (value - level)))
}

/** Values trimmed to the usual range around their median; unchanged if most are equal. */
function withoutOdd(values: readonly number[], usual: number): readonly number[] {
  if (usual === 0) return values
  const bound = odd * usual
  const middle = median([...values])
  return values.map(value => Math.max(middle - bound, Math.min(middle + bound, value)))
}

/** Noise statistics of a track's values before a run. */
interface Residuals {
  readonly sides: readonly (readonly number[])[]
  /** Sums of squares, of products of neighbors and of products two apart, and the numbers of values and levels. */
  readonly squares: number
  readonly products: number
  readonly productsApart: number
  readonly count: number
  readonly levels: number
}

/** A track's values before a run, level by level. */
function levelsBefore({ track, logs, changes }: State, run: number): readonly (readonly number[])[] {
  const end = countBefore(track, run)
  const starts = [0, ...changes.map(({ at }) => at)].filter(at => at < end)
  return starts.map((from, i) => logs.slice(from, starts[i + 1] ?? end))
}

/** Residuals beyond this many robust standard deviations belong to unusual nights. */
const odd = 4
/** Factor from the median absolute deviation to the standard deviation of normal noise. */
const normalDeviations = 1.4826

/** Median distance of values from the median of their level. */
function usualStray(levels: readonly (readonly number[])[]): number | null {
  const residuals = levels.flatMap(values => {
    const middle = median([...values])
    return values.map(value => Math.abs(value - middle))
  })
  return residuals.length < leastBefore ? null : median(residuals)
}

function residualsOf(levels: readonly (readonly number[])[], usual: number): Residuals {
  const sides = levels.map(values => {
    const cut = withoutOdd(values, usual)
    const level = mean([...cut])
    return cut.map(value => value - level)
  })
  let [squares, products, productsApart, count] = [0, 0, 0, 0]
  for (const side of sides)
    for (const [i, residual] of side.entries()) {
      count++
      squares += residual * residual
      if (i > 0) products += residual * (side[i - 1] ?? 0)
      if (i > 1) productsApart += residual * (side[i - 2] ?? 0)
    }
  return { sides, squares, products, productsApart, count, levels: sides.length }
}

function knownBefore(states: readonly State[], run: number): readonly (Before | null)[] {
  const levelled = states.map(state => levelsBefore(state, run))
  const families = Map.groupBy(states.keys(), i => states[i]?.track.family ?? '')
  const usual = new Array<number>(states.length).fill(0)
  for (const members of families.values()) {
    const own = members.map(i => usualStray(levelled[i] ?? []))
    const found = own.filter(residual => residual !== null)
    const middle = found.length === 0 ? 0 : median(found)
    // A point that varies more than others does not have unusual nights for that reason; one that seems to vary less
    // may have too few values.
    members.forEach((i, at) => {
      usual[i] = normalDeviations * Math.max(middle, own[at] ?? 0)
    })
  }
  const residuals = levelled.map((levels, i) => residualsOf(levels, usual[i] ?? 0))
  const enough = residuals.filter(({ count, squares }) => count >= leastBefore && squares > 0)
  if (enough.length === 0) return states.map(() => null)
  const shared = sharedMemory(enough)
  const memories = residuals.map(own => memoryOf(own, shared, enough.length))
  const fresh = residuals.map((own, i) => innovations(own, memories[i] ?? 0))
  const known = new Array<Before | null>(states.length).fill(null)
  for (const members of families.values()) {
    const moderated = moderatedVariances(members.map(i => fresh[i] ?? { variance: 0, freedom: 0 }))
    members.forEach((i, at) => {
      const found = moderated?.[at]
      const own = levelled[i]?.at(-1) ?? []
      // A track that begins later than others has no level yet.
      if (found === undefined || found.variance === 0 || own.length === 0) return
      const memory = memories[i] ?? 0
      known[i] = {
        memory,
        usual: usual[i] ?? 0,
        ...found,
        ...onLevel(own, memory, usual[i] ?? 0),
      }
    })
  }
  return known
}

/** Summary of the values since the last change, for {@link changeP}. */
function onLevel(
  values: readonly number[],
  memory: number,
  usual: number,
): Pick<Before, 'level' | 'last' | 'whitened'> {
  const cut = withoutOdd(values, usual)
  const fresh = cut.map((value, i) =>
    i === 0 ? (1 - memory * memory) * value : (1 - memory) * (value - memory * (cut[i - 1] ?? 0)),
  )
  return { level: mean([...cut]), last: cut.at(-1) ?? 0, whitened: fresh.reduce((sum, value) => sum + value, 0) }
}

/** Below this correlation, the correlation two nights apart carries no information about memory. */
const clearMemory = 0.15

/**
 * Autocorrelation shared by all tracks. Noise between repeats, which does not carry over to the next night, hides it
 * from neighboring values: the correlation at lag one is low compared with its decline to lag two. A first-order
 * autoregression that reproduces the noise of long levels has a coefficient between the correlation at lag one and that
 * decline (within a tenth, for coefficients of 0.6 and 0.8 under such noise).
 */
function sharedMemory(tracks: readonly Residuals[]): number {
  const over = (of: (residuals: Residuals) => number) =>
    tracks.reduce((sum, residuals) => sum + of(residuals), 0) / tracks.length
  const length = over(({ count, levels }) => count / levels)
  const one = unbiased(
    over(({ products, squares }) => products / squares),
    length,
  )
  if (one < clearMemory) return one
  const two = unbiased(
    over(({ productsApart, squares }) => productsApart / squares),
    length,
  )
  return (one + Math.min(mostMemory, Math.max(one, two / one))) / 2
}

/** Kendall's correction (Biometrika 1954): with an estimated mean, short series underestimate the autocorrelation. */
const unbiased = (correlation: number, length: number) =>
  length <= 4 ? correlation : (correlation + 1 / length) / (1 - 3 / length)

/**
 * Autocorrelation of one track: the shared one, or more if the track's own values show more, plus a standard error for
 * what so few values may hide.
 */
function memoryOf({ squares, products, count, levels }: Residuals, shared: number, tracks: number): number {
  const own = squares === 0 || count < leastBefore ? shared : unbiased(products / squares, count / levels)
  const moderated = Math.max(shared, (shared + own) / 2)
  const unsure = Math.sqrt((1 - Math.min(1, moderated ** 2)) / (count * Math.min(tracks, independentTracks)))
  return Math.min(mostMemory, Math.max(0, moderated + unsure))
}

/** Tracks of one machine move together, so they count as at most this many independent ones. */
const independentTracks = 4

function innovations({ sides, count, levels }: Residuals, memory: number): { variance: number; freedom: number } {
  const freedom = count - levels
  if (count < leastBefore || freedom < 1) return { variance: 0, freedom: 0 }
  let squares = 0
  for (const side of sides)
    for (const [i, residual] of side.entries())
      squares += i === 0 ? (1 - memory * memory) * residual * residual : (residual - memory * (side[i - 1] ?? 0)) ** 2
  return { variance: squares / freedom, freedom }
}
