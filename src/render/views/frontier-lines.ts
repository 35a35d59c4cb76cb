import { type FrontierGain, throughputAt } from '../../analysis/compare/frontier-gain.ts'
import { largest, smallest } from '../../model/index.ts'

/** Both frontiers of a comparison at the same steps of interactivity, as far as both reach. */
export interface FrontierLines {
  /** Output tokens/s per user, rising. */
  readonly steps: readonly number[]
  /** Output tokens/s per GPU at each step. */
  readonly base: readonly number[]
  readonly head: readonly number[]
  /** Which one goes on to higher interactivity, where the other is not reached; null where both end together. */
  readonly further: 'base' | 'head' | null
}

const count = 9

/**
 * Lines for a picture that can't leave gaps: they end where the first of the frontiers does, since past its end a
 * frontier has no throughput, and 0 or a line to it would say that it has. Null where nothing is left to draw.
 */
export function frontierLines({ base, head }: FrontierGain): FrontierLines | null {
  if (base.length === 0 || head.length === 0) return null
  const [baseEnd, headEnd] = [largest(base.map(({ x }) => x)), largest(head.map(({ x }) => x))]
  const most = Math.min(baseEnd, headEnd)
  const least = smallest([...base, ...head].map(({ x }) => x))
  if (!(most > least)) return null
  // The last one exactly: a sum of parts can end a rounding beyond it, where nothing is reached.
  const steps = Array.from({ length: count }, (_, i) =>
    i === count - 1 ? most : least + ((most - least) * i) / (count - 1),
  )
  const along = (places: typeof base) => steps.map(x => throughputAt(places, x))
  const [ofBase, ofHead] = [along(base), along(head)]
  const isWhole = (line: readonly (number | null)[]): line is readonly number[] => line.every(value => value !== null)
  if (!isWhole(ofBase) || !isWhole(ofHead)) return null
  return {
    steps,
    base: ofBase,
    head: ofHead,
    further: baseEnd === headEnd ? null : baseEnd > headEnd ? 'base' : 'head',
  }
}
