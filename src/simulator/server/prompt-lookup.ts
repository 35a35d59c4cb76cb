/** Words that a lookup compares at most. */
const longestContext = 4

/**
 * Share of a text's words, or of a prompt's tokens, that a lookup in what came before guesses right, 0–1: the word that
 * followed the last time that the same four words stood there, else the same three, two or one. It is what prompt-lookup
 * decoding (`ngram` in vLLM) would get accepted if the answer went on as the prompt does: near 0 for random words,
 * higher the more a text repeats itself.
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
      // The longest context that was seen before has the last word.
      guess = known.get(context) ?? guess
      known.set(context, word)
    }
    if (guess === word) right += 1
  }
  return words.length < 2 ? 0 : right / (words.length - 1)
}

/** Words and the signs between them. */
export function wordsIn(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? []
}
