import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { defined, FulcrumError } from '../model/index.ts'
import { formatProblems } from '../yaml/problem.ts'
import { isModuleSweep, moduleSweepText, sweepText, unnamedSweep } from './module-sweep.ts'
import { parseSweep } from './parse-sweep.ts'
import type { Sweep } from './sweep.ts'
import { type SweepFiles, sweepDisk } from './sweep-files.ts'

/** Options besides the file. */
export interface LoadOptions {
  /** Allows up to this many points; overrides the file's own `allow_points`. */
  readonly allowPoints?: number
  /** File access for paths in the file; default: the real disk. */
  readonly files?: SweepFiles
}

/**
 * Reads and checks a sweep file: YAML, or a module (`.ts`, `.mts`, `.js`, …) whose default export is the sweep. Reading
 * a module runs its code.
 * @throws FulcrumError bad-input `sweep-file-not-found`, or `sweep-file-invalid` whose message lists every problem on
 *   one line, as `file:line:column: problem; remedy` (for a module `file: key.path: …`); `sweep-module-failed` for a
 *   module that throws
 */
export async function loadSweep(file: string, options: LoadOptions = {}): Promise<Sweep> {
  const path = resolve(file)
  const shown = shownPath(path)
  const text = isModuleSweep(path) ? await moduleSweepText(path, shown) : await readText(path, shown)
  return await sweepOf({ text, path, shown, options })
}

/**
 * Checks a sweep made by a program, like {@link loadSweep} for a file.
 * @param folder absolute path at which relative paths in the sweep start
 * @throws FulcrumError bad-input `sweep-file-invalid`, with the keys of every problem
 */
export async function sweepOfValue(value: unknown, folder: string, options: LoadOptions = {}): Promise<Sweep> {
  const text = sweepText(value, unnamedSweep)
  const path = join(folder, unnamedSweep)
  return await sweepOf({ text, path, shown: unnamedSweep, options })
}

/** Text and location of a sweep file. */
export interface SweepSource {
  readonly text: string
  /** Absolute path: relative paths in the text start at its folder. */
  readonly path: string
  /** Path shown in messages. */
  readonly shown: string
  readonly options: LoadOptions
}

/**
 * Parses and checks a sweep after its file was read; see {@link loadSweep}.
 * @throws FulcrumError (bad-input, `sweep-file-invalid`) that lists every problem with its position
 */
export async function sweepOf(source: SweepSource): Promise<Sweep> {
  const positions = isModuleSweep(source.path) ? 'keys' : 'lines'
  const { sweep, problems, warnings } = await parseSweep(source.text, {
    file: source.path,
    folder: dirname(source.path),
    files: source.options.files ?? sweepDisk,
    positions,
    ...defined({ allowPoints: source.options.allowPoints }),
  })
  if (sweep !== null && problems.length === 0) {
    const lines = warnings.length === 0 ? [] : formatProblems(source.shown, warnings, positions).split('\n')
    return { ...sweep, warnings: lines }
  }
  throw new FulcrumError('bad-input', 'sweep-file-invalid', formatProblems(source.shown, problems, positions))
}

/** Path for messages: relative to the working directory if inside it. */
function shownPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short === '' || short.startsWith('..') ? path : short
}

async function readText(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    const [wrong, remedy] =
      code === 'ENOENT'
        ? ['the sweep file does not exist', 'write the path of a sweep file; `fulcrum init` creates one']
        : code === 'EISDIR'
          ? ['this is a folder', 'write the path of a sweep file']
          : [`the sweep file cannot be read (${code || String(error)})`, 'check its permissions']
    throw new FulcrumError('bad-input', 'sweep-file-not-found', `${shown}: ${wrong}; ${remedy}`, { cause: error })
  }
}
