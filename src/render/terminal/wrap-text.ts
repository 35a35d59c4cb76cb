import { createRequire } from 'node:module'
import { isNarrow } from './columns.ts'

/** Spaces that wrap-ansi treats differently. */
const unusualSpaces = /^ | $| {2}/

/**
 * Lines of a text as wrap-ansi makes them: at most `columns` wide if words allow it. Plain sentences avoid wrap-ansi,
 * because loading it takes 20 ms of CPU.
 */
export function wrapText(text: string, columns: number): readonly string[] {
  if (!isNarrow(text) || unusualSpaces.test(text)) {
    const { default: wrapAnsi } = createRequire(import.meta.url)('wrap-ansi') as typeof import('wrap-ansi')
    return wrapAnsi(text, columns).split('\n')
  }
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
