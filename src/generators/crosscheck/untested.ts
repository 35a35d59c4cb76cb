import type { Turn } from './compare.ts'

/** A requested generator that gave no results to compare. */
export interface Untested {
  /** Null if it applies to all of them. */
  readonly generator: string | null
  /** `failed in 4 of 4 rounds: genai-perf is not there`. */
  readonly reason: string
}

/** Requested but untested generators. They show no differences, which must not be mistaken for agreement. */
export function untestedIn(
  turns: readonly Turn[],
  generators: readonly string[],
  comparisons: number,
): readonly Untested[] {
  const of = generators.flatMap(generator => {
    const mine = turns.filter(turn => turn.generator === generator)
    const lost = mine.filter(({ measurement }) => measurement === null)
    const empty = mine.filter(({ measurement }) => measurement !== null && measurement.requests.completed === 0)
    const share = (count: number) => `in ${count} of ${mine.length} ${mine.length === 1 ? 'round' : 'rounds'}`
    return [
      ...(lost.length > 0 ? [{ generator, reason: `failed ${share(lost.length)}: ${lost[0]?.failure}` }] : []),
      ...(empty.length > 0 ? [{ generator, reason: `had no request answered ${share(empty.length)}` }] : []),
    ]
  })
  if (of.length > 0 || comparisons > 0) return of
  return [{ generator: null, reason: 'one round gives no intervals, so no difference can be shown' }]
}

/** `not tested: genai-perf failed in 4 of 4 rounds: …`. */
export const untestedText = ({ generator, reason }: Untested): string =>
  `not tested: ${generator === null ? '' : `${generator} `}${reason}`
