import { join } from 'node:path'
import type { TopLevelSpec } from 'vega-lite'
import { diskError, type FileContent, writeWithFolders } from '../journal/index.ts'
import { svgOf } from './html/render.ts'

/** Gathers files for one folder and writes them together, so that a disk that fills up leaves no part of a report. */
export interface FileWriter {
  write(name: string, text: string): void
  /** A chart as `<name>.vl.json`, for reuse, and `<name>.svg`. */
  writeChart(name: string, spec: TopLevelSpec): Promise<void>
  /**
   * Makes the folder when it isn't there and writes what was gathered; what else is in the folder stays.
   * @returns the files in order; absolute when the folder was
   * @throws FulcrumError (environment) when the disk refuses; then none of the files has changed
   */
  commit(): Promise<readonly string[]>
}

/** @param what is written, for the error: 'the report' */
export function openFileWriter(folder: string, what: string): FileWriter {
  const files: FileContent[] = []
  const write = (name: string, content: string) => void files.push({ path: join(folder, name), content })
  return {
    write,
    writeChart: async (name, spec) => {
      write(`${name}.vl.json`, `${JSON.stringify(spec, null, 2)}\n`)
      write(`${name}.svg`, await svgOf(spec))
    },
    commit: async () => {
      await writeWithFolders(files).catch(error => Promise.reject(diskError(error, `write ${what}`, folder)))
      return files.map(({ path }) => path)
    },
  }
}
