import { type FrontierGain, throughputAt } from '../../analysis/compare/frontier-gain.ts'
import { largest, smallest } from '../../model/index.ts'

/** Both frontiers of a comparison at common steps of interactivity, as far as both reach. */
export interface FrontierLines {
  /** Output tokens/s per user, ascending. */
  readonly steps: readonly number[]
  /** Output tokens/s per GPU at each step. */
  readonly base: readonly number[]
  readonly head: readonly number[]
  /** The frontier that reaches higher interactivity than the other; null if both end together. */
  readonly further: 'base' | 'head' | null
}

const count = 9

/**
 * Lines for charts that cannot show gaps. They end with the shorter frontier: beyond its end, a frontier has no
 * throughput, and a line to 0 would suggest otherwise. Null if nothing is left to draw.
 */
export function frontierLines({ base, head }: FrontierGain): FrontierLines | null {
  if (base.length === 0 || head.length === 0) return null
  const [baseEnd, headEnd] = [largest(base.map(({ x }) => x)), largest(head.map(({ x }) => x))]
  const most = Math.min(baseEnd, headEnd)
  const least = smallest([...base, ...head].map(({ x }) => x))
  if (!(most > least)) return null
  // Sets the last step exactly: rounding in a sum of parts could place it beyond the end.
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
