/** Maximum words to compare in a lookup. */
const longestContext = 4

/**
 * Share of a text's words, or of a prompt's tokens, that a lookup in the preceding text guesses correctly, 0–1. The
 * guess is the word that followed the most recent occurrence of the same four words, or else of the same three, two or
 * one. This is the acceptance of prompt-lookup decoding (`ngram` in vLLM) if the answer continued like the prompt: near
 * 0 for random words, higher for repetitive texts.
 */
export function guessedShare(words: readonly (string | number)[]): number {
  const followers = Array.from({ length: longestContext }, () => new Map<string, string | number>())
  let right = 0
  for (let at = 1; at < words.length; at++) {
    const word = words[at] ?? ''
    let guess: string | number | undefined
    let context = ''
    for (const [index, known] of followers.entries()) {
      const before = words[at - 1 - index]
      if (before === undefined) break
      context = `${before} ${context}`
      // The longest known context decides.
      guess = known.get(context) ?? guess
      known.set(context, word)
    }
    if (guess === word) right += 1
  }
  return words.length < 2 ? 0 : right / (words.length - 1)
}

/** Words and the characters between them. */
export function wordsIn(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? []
}
