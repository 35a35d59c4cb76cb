import { isAbsolute, resolve } from 'node:path'
import type { Json } from '../model/index.ts'
import { secondsOf } from './field.ts'
import type { FileKind, Files } from './files.ts'
import { type Path, pathText, quoted, type Report } from './problem.ts'

/** Context for reading a section of the file. */
export interface SectionContext {
  readonly report: Report
  /** Folder of the sweep file, where relative paths start. */
  readonly folder: string
  readonly files: Files
}

/** Makes a path absolute. Relative paths in a sweep file start at the folder of the file. */
export function fromFile(context: SectionContext, path: string): string {
  return isAbsolute(path) ? path : resolve(context.folder, path)
}

/** Returns the absolute path of a file or folder, and reports it if it does not exist. */
export function existing(context: SectionContext, path: Path, text: string, wanted: 'file' | 'folder'): string {
  const absolute = fromFile(context, text)
  const found = lookUp(context, absolute)
  if (found === 'nothing') {
    context.report(
      path,
      `${pathText(path)} is ${quoted(text)}, but ${absolute} does not exist`,
      'write the path of an existing file or folder, absolute or relative to the sweep file',
    )
  } else if (found !== wanted) {
    context.report(path, `${pathText(path)} is ${quoted(text)}, which is a ${found}`, `write the path of a ${wanted}`)
  }
  return absolute
}

/** Kind of entry at a path; `nothing` for a name that no file system accepts. */
export function lookUp(context: SectionContext, path: string): FileKind {
  try {
    return context.files.kind(path)
  } catch {
    return 'nothing'
  }
}

const looksRelative = (text: string) => text === '.' || text === '..' || /^\.{1,2}[/\\]/.test(text)

/** Converts strings that begin with `./` or `../` to absolute paths, at any depth. Everything else stays unchanged. */
export function resolvePaths(context: SectionContext, value: Json): Json {
  if (typeof value === 'string') return looksRelative(value) ? fromFile(context, value) : value
  if (Array.isArray(value)) return value.map(item => resolvePaths(context, item))
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolvePaths(context, item)]))
  }
  return value
}

/** Seconds of `500ms`, `60s`, `5m`, `2h` or a plain number. */
export function seconds(duration: number | string): number {
  return typeof duration === 'number' ? duration : secondsOf(duration)
}

/** Converts one value or a list of values to a list. */
export function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T]
}

/** Reports values that an axis lists more than once. Their points would have the same id and overwrite each other. */
export function reportDuplicates(
  context: SectionContext,
  path: Path,
  values: readonly unknown[],
  key: (value: unknown) => string,
  remedy = 'remove it; to measure points several times, write repeats: …',
): void {
  const seen = new Map<string, number>()
  for (const [index, value] of values.entries()) {
    const text = key(value)
    const first = seen.get(text)
    if (first !== undefined) {
      context.report([...path, index], `${pathText([...path, index])} repeats ${quoted(value)}`, remedy)
    } else seen.set(text, index)
  }
}
