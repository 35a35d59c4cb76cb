/**
 * Share of a text's words, or of a prompt's tokens, that a lookup in what came before guesses right, 0–1: the word that
 * followed the last time that the word before occurred. It is what prompt-lookup decoding (`ngram` in vLLM, with one
 * word to look up) would get accepted, if the answer went on as the prompt does: near 0 for random words, higher the
 * more a text repeats itself.
 */
export function guessedShare(words: readonly (string | number)[]): number {
  const followers = new Map<string | number, string | number>()
  let right = 0
  for (let at = 1; at < words.length; at++) {
    const [before, word] = [words[at - 1], words[at]]
    if (before === undefined || word === undefined) continue
    if (followers.get(before) === word) right += 1
    followers.set(before, word)
  }
  return words.length < 2 ? 0 : right / (words.length - 1)
}

/** Words and the signs between them. */
export function wordsIn(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? []
}
