/** Whose turn it is. */
export interface TurnPlan {
  /** From 1. */
  readonly round: number
  readonly generator: string
}

/**
 * Everyone once a round, forwards and backwards in turn (ABBA): a server that grows slower or faster steadily then does
 * so to everyone alike, over an even number of rounds.
 */
export function planTurns(generators: readonly string[], rounds: number): TurnPlan[] {
  return Array.from({ length: rounds }, (_, index) => {
    const order = index % 2 === 0 ? generators : generators.toReversed()
    return order.map(generator => ({ round: index + 1, generator }))
  }).flat()
}
