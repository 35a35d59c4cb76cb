import { longestOf, meanTokens, type Workload } from '../../model/index.ts'

/** First turn of a conversation that is too long. */
export interface LongTurn {
  /** From 1. */
  readonly turn: number
  readonly tokens: number
  /** Tokens of the conversation's last turn, prompt and answer. */
  readonly most: number
}

/**
 * Finds the first turn of a conversation that needs more than `limit` tokens; null if all fit. The prompt of a turn
 * contains all earlier messages and answers. Does not count the tokens that the chat template adds to each turn, so an
 * even earlier turn may not fit.
 */
export function firstLongTurn(
  { isl, osl, conversation }: Pick<Workload, 'isl' | 'osl' | 'conversation'>,
  limit: number,
  tokensOf: (isl: number, osl: number) => number,
): LongTurn | null {
  if (conversation === undefined) return null
  const added = meanTokens(isl) + meanTokens(osl)
  // Earlier turns count with their mean lengths, and the turn itself with its longest.
  const tokensAt = (turn: number) => Math.ceil(tokensOf((turn - 1) * added + longestOf(isl), longestOf(osl)))
  for (let turn = 1; turn <= conversation.turns; turn++)
    if (tokensAt(turn) > limit) return { turn, tokens: tokensAt(turn), most: tokensAt(conversation.turns) }
  return null
}
