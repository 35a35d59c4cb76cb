import { longestOf, meanTokens, type Workload } from '../../model/index.ts'

/** The turn at which a conversation is too long, with its tokens; null where every turn fits. */
export interface LongTurn {
  /** From 1. */
  readonly turn: number
  readonly tokens: number
  /** Tokens of the last turn, prompt and answer. */
  readonly most: number
}

/**
 * The first turn of a conversation that needs more than `limit` tokens: a turn's prompt holds all earlier messages and
 * answers. What the chat template adds to each turn comes on top, so more may not fit.
 */
export function firstLongTurn(
  { isl, osl, conversation }: Pick<Workload, 'isl' | 'osl' | 'conversation'>,
  limit: number,
  tokensOf: (isl: number, osl: number) => number,
): LongTurn | null {
  if (conversation === undefined) return null
  const added = meanTokens(isl) + meanTokens(osl)
  // Of a turn among others the mean counts, of the one that is sent its long end.
  const tokensAt = (turn: number) => Math.ceil(tokensOf((turn - 1) * added + longestOf(isl), longestOf(osl)))
  for (let turn = 1; turn <= conversation.turns; turn++)
    if (tokensAt(turn) > limit) return { turn, tokens: tokensAt(turn), most: tokensAt(conversation.turns) }
  return null
}
