/** Path of a value in the sweep file: keys and list indices from the root. */
export type Path = readonly (string | number)[]

/** A position in a text. Both numbers start at 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A problem with a sweep file. */
export interface Problem {
  /** File with the problem, as shown in messages; absent for the sweep file. */
  readonly file?: string
  readonly position: Position
  /** Path of the value in the sweep file; absent if only its position is known. */
  readonly path?: Path
  /** The problem, in one clause. */
  readonly wrong: string
  /** The remedy. */
  readonly right: string
}

/** Receives a problem with the value at a path, or with its key (`at: 'key'`). */
export type Report = (path: Path, wrong: string, right: string, at?: 'key' | 'value') => void

/** `topologies[1].max_gpus`; `the sweep file` for the root. */
export function pathText(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else text += text === '' ? step : `.${step}`
  }
  return text === '' ? 'the sweep file' : text
}

/** A value for error messages: short, on one line. */
export function quoted(value: unknown): string {
  if (value === undefined) return 'not set'
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`
}

/**
 * How messages locate a problem: by line and column, or by keys if a program made the text and no person has seen its
 * lines.
 */
export type PositionStyle = 'lines' | 'keys'

/**
 * Formats problems as `file:line:column: problem; remedy`, one per line, in file order and without duplicates. With
 * positions by keys: `file: topologies[1].max_gpus: problem; remedy`.
 */
export function formatProblems(file: string, problems: readonly Problem[], positions: PositionStyle = 'lines'): string {
  const sorted = [...problems].sort(
    (a, b) => a.position.line - b.position.line || a.position.column - b.position.column,
  )
  const lines = sorted.map(
    problem =>
      `${placeOf(file, problem, positions)} ${oneLine(problem.wrong)}${problem.right === '' ? '' : `; ${oneLine(problem.right)}`}`,
  )
  return [...new Set(lines)].join('\n')
}

function placeOf(file: string, { file: other, position, path = [], wrong }: Problem, positions: PositionStyle): string {
  if (other !== undefined || positions === 'lines') return `${other ?? file}:${position.line}:${position.column}:`
  const keys = pathText(path)
  // Most problems already begin with the keys.
  const isTold = wrong.startsWith(keys) && /^[ .[]/.test(wrong.slice(keys.length))
  return path.length === 0 || isTold ? `${file}:` : `${file}: ${keys}:`
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ')
}
