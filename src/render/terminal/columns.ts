import { createRequire } from 'node:module'

/** Letters, digits, punctuation and lines of tables that are one column wide each. */
const narrow = /^[\u0020-\u007e\u00a1-\u00ac\u00b0-\u02ff\u2010-\u2027\u2264\u2265\u2500-\u257f]*$/

/** Whether every character of a text is one terminal column wide, without escape sequences and line ends. */
export const isNarrow = (text: string): boolean => narrow.test(text)

/** Width of a text in terminal columns. Loading string-width takes 20 ms of CPU, so plain text avoids it. */
export function columnsOf(text: string): number {
  if (isNarrow(text)) return text.length
  const { default: stringWidth } = createRequire(import.meta.url)('string-width') as typeof import('string-width')
  return stringWidth(text)
}
