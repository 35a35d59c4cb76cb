import { isRecord } from '../../model/index.ts'
import type { ImportedSummary } from './summary.ts'

/** A parsed file of an imported folder. */
export interface FoundFile {
  /** Relative to the folder. */
  readonly path: string
  readonly value: unknown
  /** Number of NaN values; they are null in {@link value}. */
  readonly notNumbers: number
  readonly modifiedAt: Date
}

/** Results of a file. */
export interface ReadResults {
  readonly results: readonly ImportedSummary[]
  /** One reason for each unreadable result in the file. */
  readonly refused: readonly string[]
}

/** Results of a file without unreadable ones. */
export const only = (...results: readonly ImportedSummary[]): ReadResults => ({ results, refused: [] })

/** Result format of one program: how to recognize and read it. */
export interface ImportFormat {
  /** Whether a file is a result of this program, of any version. */
  isOf(file: FoundFile): boolean
  /**
   * Results in a file, one per point, and why others are unreadable.
   * @param others all other parsed files of the folder, by path
   * @throws FulcrumError (bad-input) `summary-unreadable` with the version, for another layout
   */
  read(file: FoundFile, others: ReadonlyMap<string, FoundFile>): ReadResults
}

/** Value of a key; undefined if the value is not an object. */
export function at(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined
}

/** Name of a file without its folders. */
export const nameOf = (path: string): string => path.split('/').at(-1) ?? path
