import type { ImportedSummary } from './summary.ts'

/** A file of a folder that is imported, parsed. */
export interface FoundFile {
  /** Relative to the folder. */
  readonly path: string
  readonly value: unknown
  /** Figures that are none (NaN); null in {@link value}. */
  readonly notNumbers: number
  readonly modifiedAt: Date
}

/** What a file gave. */
export interface ReadResults {
  readonly results: readonly ImportedSummary[]
  /** One reason for each result in the file that can't be read. */
  readonly refused: readonly string[]
}

/** All of a file's results, where none is refused alone. */
export const only = (...results: readonly ImportedSummary[]): ReadResults => ({ results, refused: [] })

/** Results of one program, as they are told from others and read. */
export interface ImportFormat {
  /** Whether a file is a result of this program, of whatever version. */
  isOf(file: FoundFile): boolean
  /**
   * The results in a file, one for each point, and why others in it can't be read.
   * @param others all other files of the folder that could be parsed, by path
   * @throws FulcrumError (bad-input) `summary-unreadable` with the version, for another layout
   */
  read(file: FoundFile, others: ReadonlyMap<string, FoundFile>): ReadResults
}

/** A value's key; undefined where it is no object. */
export function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: unknown })[key]
    : undefined
}

/** Name of a file without its folders. */
export const nameOf = (path: string): string => path.split('/').at(-1) ?? path
