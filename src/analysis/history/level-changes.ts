import { mean, median } from 'simple-statistics'
import { adjustForFalseDiscovery } from '../../metrics/statistics/false-discovery.ts'
import { moderatedVariances } from '../../metrics/statistics/moderated-variance.ts'
import { studentTwoSidedP } from '../../metrics/statistics/student.ts'

/** One figure over runs, on the logarithmic scale. */
export interface Track {
  /** Tracks of one family have alike noise: the figure's name. */
  readonly family: string
  /** In the order of the runs. */
  readonly values: readonly { readonly run: number; readonly log: number }[]
}

/** A place in a track where its level changes, until the next one. */
export interface LevelChange {
  /** Index of the first value after the change. */
  readonly at: number
  /** Probability of as sharp a change by noise alone, adjusted over the tracks of the look that found it. */
  readonly p: number
  /** Number of values at the look that found it. */
  readonly foundWith: number
}

/** Values that a first level needs before noise is known well enough for a change from it. */
export const leastBefore = 5
/** Values that a level needs before it can be left again. */
const leastLevel = 3
/** Values that a new level needs: an odd night, or two, are no change. */
export const leastAfter = 3

/** Adjusted p at which a look calls a change, for every look: chosen by simulation, docs/bench/statistics.md. */
const perLook = 0.0001

/**
 * How far values are remembered by the next ones, whatever is estimated: beyond it a level can't be told from a slow
 * drift.
 */
const mostMemory = 0.95

/**
 * The changes of level in tracks that were looked at after every run. It replays those looks, each with what was known
 * then: what a look called stays called. Each look tests for each track whether some later part of its values has
 * another level than the part before, with the noise of values before that part alone. Later nights may move its date
 * by two. Nights resemble their neighbours (a machine's state, its temperature, its neighbours), so values are whitened
 * by a first-order autoregression (Cochrane and Orcutt 1949; prewhitening before change detection: von Storch 1995;
 * Bayazit and Önöz 2007), whose coefficient is estimated over all tracks, corrected for its bias in short series
 * (Kendall 1954). Variances of innovations are moderated over the tracks of a family. False discovery is held over the
 * tracks of a look (Benjamini and Hochberg 1995).
 *
 * @param runs number of runs; tracks need not have a value of each
 * @returns for each track, by place
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
      // A track without a value of this run tells nothing new.
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

/** A look may be wrong about the night by so many. */
const nightsOff = 2

/**
 * The changes with the night that all values between their neighbours say: a look that called one had few values after
 * it, and an outlier just before it can pass for its first. Least absolute deviations from the medians of both sides,
 * which odd nights don't move.
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

/** What a track's values before a run tell: its level since the last change, and its noise. */
interface Before {
  /** How much of a residual the next value keeps. */
  readonly memory: number
  /** Variance of what is new in a value. */
  readonly variance: number
  readonly freedom: number
  /** Robust standard deviation of values around their level; 0 where most are equal. */
  readonly usual: number
  /** Mean and last of the values on the level, odd nights cut, and the sum of what is new in them. */
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

/** The later part that differs most from its level, among the first `count` values. */
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

/** Two-sided p of a change of level between the `count` values before and those after. */
function changeP(before: Before, count: number, after: readonly number[]): number {
  const all = stepOf(before, count, after)
  // Cutting odd nights makes a step smaller only: what is no change with them is none without them.
  if (Math.abs(all) < promising) return 1
  const cut = stepOf(before, count, lasting(after, before, Math.sign(all)))
  // What odd nights alone had moved goes the other way when they are cut.
  return cut * all <= 0 ? 1 : studentTwoSidedP(cut, before.freedom)
}

/** A step of fewer standard errors is never called, so its p need not be known. */
const promising = 2

/**
 * Of a logarithm: nights that are equal to a millionth differ by the rounding of arithmetic, which is no noise to
 * measure a step by.
 */
const leastVariance = 1e-12

/**
 * A step's size over its standard error, by generalised least squares: values are whitened (less what they keep of the
 * one before), and a level and a step are fitted to them.
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

/** A night of a new level deviates no further than its lower third. */
const usualSpread = 2

/**
 * Values after a change, with those cut that stand out from a third of them: odd nights among usual ones make no
 * change, however odd.
 */
function lasting(values: readonly number[], { level, usual }: Before, sign: number): readonly number[] {
  const residuals = values.map(value => sign * (value - level)).sort((a, b) => a - b)
  const most = (residuals[Math.floor(values.length / 3) - 1] ?? 0) + usualSpread * usual
  return values.map(value => level + sign * Math.min(most, sign * (value - level)))
}

/** Values with odd ones cut to what is usual around their median; all as they are where most are equal. */
function withoutOdd(values: readonly number[], usual: number): readonly number[] {
  if (usual === 0) return values
  const bound = odd * usual
  const middle = median([...values])
  return values.map(value => Math.max(middle - bound, Math.min(middle + bound, value)))
}

/** What a track's values before a run tell of its noise. */
interface Residuals {
  readonly sides: readonly (readonly number[])[]
  /**
   * Sums of squares, of products of neighbours and of those two apart, and how many values on how many levels they are
   * of.
   */
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

/** Residuals beyond so many robust standard deviations are of odd nights. */
const odd = 4
/** From the median absolute deviation to the standard deviation of normal noise. */
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
    // A point that varies more than the others has no odd nights for that; one that seems to vary less may have seen
    // few.
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

/** The values since the last change, summed up for {@link changeP}. */
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

/** Below it, what lies two nights apart says nothing of memory. */
const clearMemory = 0.15

/**
 * What all tracks keep of the night before. Repeats add noise that no night remembers, which hides memory from
 * neighbours: correlation at one night is low for how slowly it falls off to two. A first-order autoregression that is
 * to have the noise of long levels right lies between the first and the fall (for memories of 0.6 and 0.8 under such
 * noise, within a tenth).
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

/**
 * Kendall's correction (Biometrika 1954): around a mean of its own, a short series seems to remember less than it does.
 */
const unbiased = (correlation: number, length: number) =>
  length <= 4 ? correlation : (correlation + 1 / length) / (1 - 3 / length)

/**
 * Of one track: what all show, or more where its own values say so; with a standard error for what so few values may
 * hide.
 */
function memoryOf({ squares, products, count, levels }: Residuals, shared: number, tracks: number): number {
  const own = squares === 0 || count < leastBefore ? shared : unbiased(products / squares, count / levels)
  const moderated = Math.max(shared, (shared + own) / 2)
  const unsure = Math.sqrt((1 - Math.min(1, moderated ** 2)) / (count * Math.min(tracks, independentTracks)))
  return Math.min(mostMemory, Math.max(0, moderated + unsure))
}

/** Tracks of one machine move together: so many independent ones are they worth at most. */
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
