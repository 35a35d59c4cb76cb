import { join } from 'node:path'
import type { TopLevelSpec } from 'vega-lite'
import { diskError, type FileContent, writeWithFolders } from '../journal/index.ts'
import { svgOf } from './html/render.ts'

/** Collects the files of a folder and writes them together, so that a full disk does not leave a partial report. */
export interface FileWriter {
  write(name: string, text: string): void
  /** Adds a chart as `<name>.vl.json`, for reuse, and `<name>.svg`. */
  writeChart(name: string, spec: TopLevelSpec): Promise<void>
  /**
   * Creates the folder if necessary and writes the collected files. Other files in the folder remain.
   * @returns the files in order; absolute if the folder is absolute
   * @throws FulcrumError (environment) if writing fails; then no file has changed
   */
  commit(): Promise<readonly string[]>
}

/** @param what the content's name in error messages: 'the report' */
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
