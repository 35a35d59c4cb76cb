import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TopLevelSpec } from 'vega-lite'
import { svgOf } from './render.ts'

/** Writes files into one folder. */
export interface FileWriter {
  /** What was written so far, in order; absolute when the folder was. */
  readonly files: readonly string[]
  write(name: string, text: string): Promise<void>
  /** A chart as `<name>.vl.json`, for reuse, and `<name>.svg`. */
  writeChart(name: string, spec: TopLevelSpec): Promise<void>
}

/** Makes the folder when it isn't there; what else is in it stays. */
export async function openFileWriter(folder: string): Promise<FileWriter> {
  await mkdir(folder, { recursive: true })
  const files: string[] = []
  const write = async (name: string, text: string) => {
    const path = join(folder, name)
    await writeFile(path, text)
    files.push(path)
  }
  return {
    files,
    write,
    writeChart: async (name, spec) => {
      await write(`${name}.vl.json`, `${JSON.stringify(spec, null, 2)}\n`)
      await write(`${name}.svg`, await svgOf(spec))
    },
  }
}
