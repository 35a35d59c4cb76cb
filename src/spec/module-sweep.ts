import { statSync } from 'node:fs'
import { basename, dirname, extname, relative } from 'node:path'
import { FulcrumError } from '../model/index.ts'
import { type Path, pathText, quoted } from '../yaml/problem.ts'
import { type FailedImport, failureOf, importFrom } from './import-module.ts'

/** File extensions of modules that Node can run. */
const moduleEndings: readonly string[] = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']

/** File name of a sweep that a program passes as a value. Node names code without a file in the same way (`[eval]`). */
export const unnamedSweep = '[sweep]'

/**
 * Whether a program made the sweep of this path. Its problems are reported by keys instead of line numbers, because no
 * person wrote its lines.
 */
export function isModuleSweep(path: string): boolean {
  return moduleEndings.includes(extname(path)) || basename(path) === unnamedSweep
}

/** Time limit for a module. Without it, a module that waits forever would end Node without a message. */
const loadLimitMs = 60_000

/**
 * Runs a module and returns its sweep as JSON text, for the parser and the run's manifest.
 * @param path absolute
 * @param shown path shown in messages
 * @throws FulcrumError bad-input `sweep-file-not-found`, `sweep-module-failed` with the position that Node reports,
 *   `sweep-file-invalid`
 */
export async function moduleSweepText(path: string, shown: string, limitMs = loadLimitMs): Promise<string> {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined || !found.isFile()) {
    const wrong = found === undefined ? 'the sweep file does not exist' : 'this is not a file'
    throw new FulcrumError('bad-input', 'sweep-file-not-found', `${shown}: ${wrong}; write the path of a sweep file`)
  }
  const imported = await within(limitMs, shown, importFrom(path, dirname(path)))
  if ('error' in imported) throw failed(imported, path, shown)
  const { exports, loaded } = imported
  if (!('default' in exports)) {
    throw refused(shown, 'the module has no default export; write export default defineSweep({ … })')
  }
  // The default export may be a promise.
  const value = await within(limitMs, shown, Promise.resolve(exports.default)).catch((error: unknown) => {
    throw error instanceof FulcrumError ? error : failed({ error, entry: null, loaded }, path, shown)
  })
  return sweepText(value, shown)
}

/** Error with the position `sweep.ts:12: …`, or the path of an imported module if the failure is there. */
function failed(failure: FailedImport, path: string, shown: string): FulcrumError {
  const { place, message, right } = failureOf(failure)
  const at =
    place === null ? shown : place.startsWith(`${path}:`) ? `${shown}${place.slice(path.length)}` : shownPlace(place)
  return refused(at, `the module cannot be loaded: ${message}; ${right}`, failure.error)
}

function shownPlace(place: string): string {
  const short = relative(process.cwd(), place)
  return short.startsWith('..') ? place : short
}

async function within<T>(limitMs: number, shown: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const message = `the module did not load within ${limitMs / 1000} s; check for an await that never ends`
    timer = setTimeout(() => reject(refused(shown, message)), limitMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const refused = (shown: string, message: string, cause?: unknown) =>
  new FulcrumError('bad-input', 'sweep-module-failed', `${shown}: ${message}`, { cause })

/**
 * Converts a sweep made by a program to JSON text.
 * @throws FulcrumError bad-input `sweep-file-invalid` that lists the keys of all values that JSON cannot represent
 */
export function sweepText(sweep: unknown, shown: string): string {
  return jsonText(sweep, { shown, what: 'the sweep', code: 'sweep-file-invalid' })
}

/**
 * Converts a value made by a program to JSON text, indented by two spaces. Omits keys whose value is `undefined`.
 * @throws FulcrumError bad-input, with the given code, that lists the keys of all values that JSON cannot represent
 */
export function jsonText(
  value: unknown,
  { shown, what, code }: { readonly shown: string; readonly what: string; readonly code: string },
): string {
  const problems: string[] = []
  look(value, [], [], (path, wrong) => {
    problems.push(`${shown}: ${path.length === 0 ? what : pathText(path)} is ${wrong}`)
  })
  if (problems.length > 0) throw new FulcrumError('bad-input', code, problems.join('\n'))
  return `${JSON.stringify(value, null, 2)}\n`
}

function look(value: unknown, path: Path, above: readonly object[], tell: (path: Path, wrong: string) => void): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) tell(path, `${value}, which JSON does not support; write a finite number`)
    return
  }
  if (typeof value !== 'object') {
    tell(path, `${kindOf(value)}; write text, a number, a boolean, a list or an object`)
    return
  }
  if (above.includes(value)) {
    tell(path, 'an object that contains itself; write each part once')
    return
  }
  const within = [...above, value]
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) look(item, [...path, index], within, tell)
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  // A plain object from another realm has a prototype whose prototype is null.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    tell(path, `${kindOf(value)}; write a plain object`)
    return
  }
  for (const [key, field] of Object.entries(value)) if (field !== undefined) look(field, [...path, key], within, tell)
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (typeof value === 'object' && value !== null) return `a ${value.constructor?.name ?? 'strange object'}`
  return typeof value === 'function' ? 'a function' : `the ${typeof value} ${quoted(String(value))}`
}
