import { styleText } from 'node:util'
import { type Screen, screenOf } from './screen.ts'

/** Beginnings of verdicts by color. Red and green are never the only difference, because the words differ, too. */
const tones = [
  [/^(yes|met|ok|held|passed|✓)/, 'green'],
  [/^(no|missed|failed|not held|✗)(?!t )/, 'red'],
  [/^(invalid|undecided|not tested|not shown|\?)/, 'yellow'],
] as const

/** A verdict in color, if the terminal wants colors. */
export function verdictColoured(verdict: string, { colour }: Screen = screenOf(process.stdout, process.env)): string {
  const tone = colour ? tones.find(([begins]) => begins.test(verdict))?.[1] : undefined
  return tone === undefined ? verdict : styleText(tone, verdict, { validateStream: false })
}

/** A number of problems in the color of its verdict. */
export function countColoured(
  count: number,
  verdict: 'invalid' | 'failed',
  { colour }: Screen = screenOf(process.stdout, process.env),
): string {
  const text = `${count} ${verdict}`
  if (!colour || count === 0) return text
  return styleText(verdict === 'failed' ? 'red' : 'yellow', text, { validateStream: false })
}
