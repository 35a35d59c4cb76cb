import { counted, largest } from '../../model/index.ts'
import { type Difference, falseDiscoveryRate } from './compare.ts'
import type { Crosscheck } from './crosscheck.ts'
import { type Figure, figures } from './figures.ts'
import type { Interval } from './interval.ts'
import { untestedText } from './untested.ts'

/** A cross-check as rows of cells, starting with the titles. */
export function crosscheckRows(result: Crosscheck): string[][] {
  const witnessed = result.turns.some(turn => turn.truth !== null)
  const head = ['', ...result.generators.flatMap(name => (witnessed ? [name, 'error'] : [name]))]
  const rows = figures.map(figure => [
    figure.unit === 'tokens' ? `${figure.title} (tokens)` : `${figure.title} (${figure.unit})`,
    ...result.generators.flatMap(name => {
      const reading = result.readings.find(one => one.generator === name && one.figure === figure.key)
      const value = shownInterval(reading?.value ?? null)
      return witnessed ? [value, shownInterval(reading?.error ?? null, true)] : [value]
    }),
  ])
  const failed = ['failed requests', ...result.generators.flatMap(name => spread(failedOf(result, name), witnessed))]
  const client = [
    'send lateness p99 (ms)',
    ...result.generators.flatMap(name => spread(latenessOf(result, name), witnessed)),
  ]
  return [head, ...rows, failed, client]
}

/** Conclusions from the figures, one sentence each. */
export function crosscheckFindings(result: Crosscheck): string[] {
  const failures = result.turns
    .filter(turn => turn.measurement === null)
    .map(turn => `${turn.generator} failed in round ${turn.round}: ${turn.failure}`)
  const differences = groupedDifferences(result.differences).map(
    ({ who, sizes, reason }) => `${who}: ${sizes.join('; ')}. Likely reason: ${reason}.`,
  )
  const errors = result.readings.flatMap(({ generator, figure, value, error, errorP }) => {
    if (value === null || error === null || error.half === null || (errorP ?? 1) > falseDiscoveryRate) return []
    const { title, unit } = figureOf(figure)
    return [
      `${title}: ${generator} reads ${signed(error.mean)} ± ${shown(error.half)} ${unit} against the server's own record.`,
    ]
  })
  const untested = result.notTested.map(one => `${untestedText(one)}.`)
  if (differences.length > 0 || errors.length > 0) return [...failures, ...untested, ...errors, ...differences]
  if (result.comparisons === 0) return [...failures, ...untested]
  const rest = untested.length > 0 ? ' among the others' : ''
  return [...failures, ...untested, `No difference shown${rest}.`]
}

/** Groups differences of one pair by their reason. */
function groupedDifferences(differences: readonly Difference[]): { who: string; sizes: string[]; reason: string }[] {
  const groups = new Map<string, { who: string; sizes: string[]; reason: string }>()
  for (const { figure, generator, against, by, share, reason } of differences) {
    const who = `${generator} against ${against}`
    const { title, unit } = figureOf(figure)
    const size = `${title} ${signed(by.mean)} ± ${shown(by.half ?? 0)} ${unit} (${signed(share * 100)}%)`
    const key = `${who}\0${reason}`
    const group = groups.get(key) ?? { who, sizes: [], reason }
    group.sizes.push(size)
    groups.set(key, group)
  }
  return [...groups.values()]
}

/** For a terminal, with aligned columns. */
export function crosscheckText(result: Crosscheck): string {
  const rows = crosscheckRows(result)
  const widths = (rows[0] ?? []).map((_, column) => largest(rows.map(row => row[column]?.length ?? 0)))
  const lines = rows.map(row =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  return [heading(result), '', ...lines, '', ...crosscheckFindings(result)].join('\n')
}

/** For a document. */
export function crosscheckMarkdown(result: Crosscheck): string {
  const [head = [], ...rows] = crosscheckRows(result).map(row => row.map(cell => cell.replaceAll('|', '\\|')))
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = line(head.map((_, column) => (column === 0 ? '---' : '---:')))
  const findings = crosscheckFindings(result).map(finding => `- ${finding}`)
  return [heading(result), '', line(head), rule, ...rows.map(line), '', ...findings, ''].join('\n')
}

function heading({ url, point, rounds, comparisons }: Crosscheck): string {
  const { level } = point.load
  const load = level.kind === 'concurrency' ? `concurrency ${level.concurrency}` : level.kind
  return `${url}, ISL/OSL ${point.workload.name}, ${load}, ${rounds} ${rounds === 1 ? 'round' : 'rounds in turns'}; mean ± 95% interval over rounds. Differences are reported at a false-discovery rate of ${falseDiscoveryRate * 100}% over ${comparisons} comparisons`
}

function failedOf({ turns }: Crosscheck, name: string): string {
  const mine = turns.filter(turn => turn.generator === name)
  const sent = mine.reduce((sum, turn) => sum + (turn.measurement?.requests.sent ?? 0), 0)
  const failed = mine.reduce((sum, turn) => sum + (turn.measurement?.requests.failed ?? 0), 0)
  const lost = mine.filter(turn => turn.measurement === null).length
  return `${failed} of ${sent}${lost === 0 ? '' : ` (${counted(lost, 'turn')} lost)`}`
}

function latenessOf({ turns }: Crosscheck, name: string): string {
  const values = turns.flatMap(turn => {
    const late = turn.generator === name ? turn.measurement?.client.sendLatenessMs : null
    return late === null || late === undefined ? [] : [late.p99]
  })
  return values.length === 0 ? 'unknown' : shown(largest(values))
}

/** A cell without an error column. */
function spread(cell: string, witnessed: boolean): string[] {
  return witnessed ? [cell, ''] : [cell]
}

function shownInterval(interval: Interval | null, sign = false): string {
  if (interval === null) return 'n/a'
  const mean = sign ? signed(interval.mean) : shown(interval.mean)
  return interval.half === null ? mean : `${mean} ± ${shown(interval.half)}`
}

function figureOf(key: Figure['key']): Figure {
  const found = figures.find(figure => figure.key === key)
  if (found === undefined) throw new TypeError(`no figure ${key}`)
  return found
}

function shown(value: number): string {
  const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 100 ? 1 : 2
  return value.toFixed(digits)
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${shown(Math.abs(value))}`
}
