import type { Run } from '../../journal/run.ts'
import { FulcrumError } from '../../model/index.ts'
import type { Cell, ColumnType } from './columns.ts'

/** An export format, with its name for `fulcrum export --format`. */
export interface ExportFormat {
  /** Value of `--format`. */
  readonly name: string
  /** Short description for `--help`. */
  readonly about: string
  /** `file`: one file, stdout by default. `folder`: several files of the run. `folders`: a folder for each point. */
  readonly shape: 'file' | 'folder' | 'folders'
  /** Whether its content is binary, so that a terminal can't show it. */
  readonly isBinary?: true
  readonly write: (run: Run) => Promise<readonly ExportedFile[]>
  /** File name in an export of several runs; default: `points.NAME`. */
  readonly file?: string
  /** Writes any table, if the format has tables. */
  readonly table?: (table: Table) => Promise<string | Uint8Array>
}

/** Rows with typed columns. */
export interface Table {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  readonly rows: readonly (readonly Cell[])[]
}

/** A file of an export. */
export interface ExportedFile {
  /** Relative to the target folder; empty for the single file of a format. */
  readonly path: string
  readonly content: string | Uint8Array
}

/** Defines a format with a single file. */
export function fileFormat(
  format: Pick<ExportFormat, 'name' | 'about' | 'isBinary' | 'file' | 'table'>,
  contentOf: (run: Run) => string | Uint8Array | Promise<string | Uint8Array>,
): ExportFormat {
  return { ...format, shape: 'file', write: async run => [{ path: '', content: await contentOf(run) }] }
}

/** Defines a format with a folder for each point, named by its id. */
export function folderFormat(
  format: Pick<ExportFormat, 'name' | 'about'>,
  filesOf: (result: Run['results'][number]) => { readonly [name: string]: string },
): ExportFormat {
  const write: ExportFormat['write'] = async run =>
    run.results.flatMap(result =>
      Object.entries(filesOf(result)).map(([name, content]) => ({ path: `${result.point.id}/${name}`, content })),
    )
  return { ...format, shape: 'folders', write }
}

/**
 * Finds a format by name.
 * @throws FulcrumError (bad-input) `unknown-format`
 */
export function formatNamed(name: string, formats: readonly ExportFormat[]): ExportFormat {
  const found = formats.find(format => format.name === name)
  if (found !== undefined) return found
  throw new FulcrumError('bad-input', 'unknown-format', `Unknown export format '${name}'.`, {
    remedy: `Choose one of ${formats.map(format => format.name).join(', ')}.`,
  })
}
