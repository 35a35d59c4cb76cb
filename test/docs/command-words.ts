/**
 * Words of a line of shell, as far as documentation writes it: quotes, comments; what stands behind a pipe or `>` is
 * left out.
 */
export function shellWords(line: string): readonly string[] {
  const words: string[] = []
  let word: string | null = null
  let quote: string | null = null
  for (const character of line) {
    if (quote !== null) {
      if (character === quote) quote = null
      else word += character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word)
      word = null
    } else if (word === null && character === '#') break
    else if (/[|>;&]/.test(character)) {
      if (word !== null) words.push(word)
      return words
    } else word = (word ?? '') + character
  }
  if (quote !== null) throw new Error(`a quote is not closed: ${line}`)
  return word === null ? words : [...words, word]
}

/**
 * Arguments of `fulcrum` in a line that starts it, by itself or through npx, with or without a prompt; null for another
 * line.
 */
export function fulcrumArguments(line: string): readonly string[] | null {
  const [, command] = /^\s*(?:\$ )?(?:npx (?:--\S+ )*)?fulcrum(?: (.*))?$/.exec(line) ?? [null, null]
  if (command === null) return null
  return shellWords(command ?? '')
}
