import { styleText } from 'node:util'
import type { FrontierRow } from '../views/frontier-table.ts'
import type { Screen } from './screen.ts'

/** Maximum width and height of the plot; a wider one would only spread the points. */
const mostColumns = 76
const rows = 11
const marks = 'abcdefghijklmnopqrstuvwxyz'
/** Colors that are readable on light and dark backgrounds. */
const colours = ['blue', 'green', 'magenta', 'cyan', 'yellow', 'red'] as const

/**
 * Draws the frontier of one workload: a letter for each deployment, capital if it is recommended, and a staircase
 * between the points. Empty for fewer than two points.
 * @param all the frontiers of all workloads, so that a deployment has the same letter everywhere
 */
export function frontierChart(
  frontier: readonly FrontierRow[],
  screen: Screen,
  all: readonly FrontierRow[] = frontier,
): string {
  const workload = frontier[0]?.workload ?? ''
  if (new Set(frontier.map(({ x, y }) => `${x} ${y}`)).size < 2) return ''
  const deployments = deploymentsOf(frontier)
  const lettered = deploymentsOf(all)
  const top = frontier.reduce((most, row) => Math.max(most, row.y), 0)
  const left = frontier.reduce((least, row) => Math.min(least, row.x), Number.POSITIVE_INFINITY)
  const right = frontier.reduce((most, row) => Math.max(most, row.x), 0)
  const axis = Math.max(label(0).length, label(top).length)
  const width = Math.max(10, Math.min(mostColumns, screen.columns) - axis - 2)
  const placed = frontier.map(row => ({
    row,
    column: right === left ? 0 : Math.round(((row.x - left) / (right - left)) * (width - 1)),
    line: Math.round((1 - row.y / top) * (rows - 1)),
    series: lettered.indexOf(row.deployment),
  }))
  const canvas = staircase(placed, width)
  // Recommended points are drawn last, so that they stay visible in a shared cell.
  for (const { row, column, line, series } of placed.toSorted(
    (a, b) => Number(a.row.recommended) - Number(b.row.recommended),
  ))
    put(canvas, line, column, coloured(mark(series, row.recommended), series, screen))
  const scale = (line: number) => (line === 0 ? label(top) : line === rows - 1 ? label(0) : '').padStart(axis)
  const lower = `${label(left)}${label(right).padStart(Math.max(1, width - label(left).length))}`
  const key = deployments.map(name => {
    const series = lettered.indexOf(name)
    return `${coloured(mark(series, false), series, screen)} ${name}`
  })
  return [
    `${workload}: output tokens/s per GPU (up) against per user (right)`,
    ...canvas.map((cells, line) => `${scale(line)} │${cells.join('').trimEnd()}`),
    `${' '.repeat(axis)} └${'─'.repeat(width)}`,
    `${' '.repeat(axis + 2)}${lower}`,
    ...wrapped(
      key,
      deployments.map(name => name.length + 2),
      screen.columns,
    ),
    ...(frontier.some(row => row.recommended) ? ['capital letter: recommended'] : []),
  ].join('\n')
}

interface PlottedPoint {
  readonly column: number
  readonly line: number
}

/** Goes down from each point to the height of the next one, then right, because nothing was measured between them. */
function staircase(placed: readonly PlottedPoint[], width: number): string[][] {
  const canvas = Array.from({ length: rows }, () => new Array<string>(width).fill(' '))
  for (const [i, from] of placed.entries()) {
    const to = placed[i + 1]
    if (to === undefined) break
    for (let line = from.line; line < to.line; line++) put(canvas, line, from.column, '│')
    for (let column = from.column; column < to.column; column++) put(canvas, to.line, column, '─')
    if (to.line > from.line && to.column > from.column) put(canvas, to.line, from.column, '└')
  }
  return canvas
}

function put(canvas: readonly string[][], line: number, column: number, text: string): void {
  const cells = canvas[line]
  if (cells !== undefined && column < cells.length) cells[column] = text
}

/** The letter of a row's deployment in all charts; a capital if it is recommended. */
export function deploymentMark(all: readonly FrontierRow[], row: FrontierRow): string {
  return mark(deploymentsOf(all).indexOf(row.deployment), row.recommended)
}

const deploymentsOf = (frontier: readonly FrontierRow[]) => [...new Set(frontier.map(row => row.deployment))]

const mark = (series: number, recommended: boolean): string => {
  const letter = marks[series % marks.length] ?? '?'
  return recommended ? letter.toUpperCase() : letter
}

const coloured = (text: string, series: number, { colour }: Screen): string =>
  colour ? styleText(colours[series % colours.length] ?? 'blue', text, { validateStream: false }) : text

const label = (value: number): string =>
  value >= 100 ? Math.round(value).toString() : String(Number(value.toPrecision(3)))

/** Items in lines of at most `columns`. `widths` excludes escape codes. */
function wrapped(items: readonly string[], widths: readonly number[], columns: number): string[] {
  const lines: string[] = []
  let used = Number.POSITIVE_INFINITY
  for (const [i, item] of items.entries()) {
    const width = widths[i] ?? item.length
    if (used + 2 + width > columns) {
      lines.push(item)
      used = width
    } else {
      lines.push(`${lines.pop() ?? ''}  ${item}`)
      used += 2 + width
    }
  }
  return lines
}
