import type { Run } from '../../journal/run.ts'
import { FulcrumError } from '../../model/index.ts'
import type { Cell, ColumnType } from './columns.ts'

/** A format that other tools read, by which `fulcrum export --format` knows it. */
export interface ExportFormat {
  /** What `--format` takes. */
  readonly name: string
  /** What it is, in a few words for `--help`. */
  readonly about: string
  /** `file`: one file, stdout by default. `folder`: several files of the run. `folders`: a folder for each point. */
  readonly shape: 'file' | 'folder' | 'folders'
  /** Whether its content is no text, which a terminal can't show. */
  readonly isBinary?: true
  readonly write: (run: Run) => Promise<readonly ExportedFile[]>
  /** What its file is called beside those of other runs; `points.NAME` when left out. */
  readonly file?: string
  /** Writes any table, for a format that has tables. */
  readonly table?: (table: Table) => Promise<string | Uint8Array>
}

/** Rows under typed columns. */
export interface Table {
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[]
  readonly rows: readonly (readonly Cell[])[]
}

/** A file of an export. */
export interface ExportedFile {
  /** Relative to the folder that is exported to; empty for the one file of a format that has one. */
  readonly path: string
  readonly content: string | Uint8Array
}

/** A format that is one file. */
export function fileFormat(
  format: Pick<ExportFormat, 'name' | 'about' | 'isBinary' | 'file' | 'table'>,
  contentOf: (run: Run) => string | Uint8Array | Promise<string | Uint8Array>,
): ExportFormat {
  return { ...format, shape: 'file', write: async run => [{ path: '', content: await contentOf(run) }] }
}

/** A format with a folder for each point, named by its id. */
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
 * The format of a name.
 * @throws FulcrumError (bad-input) `unknown-format` for a name that the registry doesn't have
 */
export function formatNamed(name: string, formats: readonly ExportFormat[]): ExportFormat {
  const found = formats.find(format => format.name === name)
  if (found !== undefined) return found
  throw new FulcrumError('bad-input', 'unknown-format', `Unknown export format '${name}'.`, {
    remedy: `Choose one of ${formats.map(format => format.name).join(', ')}.`,
  })
}
