import stringWidth from 'string-width'

/** Letters, digits, punctuation and lines of tables that are one column wide each. */
const narrow = /^[\u0020-\u007e\u00a1-\u00ac\u00b0-\u02ff\u2010-\u2027\u2264\u2265\u2500-\u257f]*$/

/** Width of a text in terminal columns. Loading string-width takes 0.05 s of CPU, so plain text avoids it. */
export const columnsOf = (text: string): number => (narrow.test(text) ? text.length : stringWidth(text))
