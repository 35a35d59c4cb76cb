/** What every shell takes as it is. */
const plain = /^[A-Za-z0-9_@%+:,./-]+$/

/** One word for a POSIX shell: read back, it is exactly `word`, whatever it holds. */
export function quoteWord(word: string): string {
  return plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** A command line for a POSIX shell, as ssh hands it to the login shell of the other side: quoted once, here. */
export function quoteCommand(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ')
}
