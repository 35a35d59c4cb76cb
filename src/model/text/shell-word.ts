/** Characters that every shell takes literally. */
const plain = /^[\w@%+:,./-]+$/

/** An option, whose `=` no shell treats as an assignment. */
const option = /^-[\w@%+=:,./-]+$/

/** Like {@link plain}, with variables such as `$HOME`. */
const withVariables = /^[\w@%+:,./$-]+$/

/**
 * One word for a POSIX shell, quoted if necessary: the shell reads back exactly `word`, whatever it contains.
 * @param keep `variables` lets the shell replace `$NAME`, in commands that people read and paste
 */
export function shellWord(word: string, keep?: 'variables'): string {
  const isPlain = plain.test(word) || option.test(word) || (keep === 'variables' && withVariables.test(word))
  return isPlain ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** A command line for a POSIX shell. */
export function shellCommand(words: readonly string[]): string {
  return words.map(word => shellWord(word)).join(' ')
}
