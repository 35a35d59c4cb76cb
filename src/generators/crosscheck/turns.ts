/** Whose turn it is. */
export interface TurnPlan {
  /** From 1. */
  readonly round: number
  readonly generator: string
}

/**
 * The order of turns: each generator once per round, alternately forwards and backwards (ABBA). Over an even number of
 * rounds, a server that slows down or speeds up steadily affects all of them equally.
 */
export function planTurns(generators: readonly string[], rounds: number): TurnPlan[] {
  return Array.from({ length: rounds }, (_, index) => {
    const order = index % 2 === 0 ? generators : generators.toReversed()
    return order.map(generator => ({ round: index + 1, generator }))
  }).flat()
}
