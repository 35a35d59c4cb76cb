import type { ExportFormat } from '../export/format.ts'

/** The export formats for `--help`: name, description and target. */
export function formatList(formats: readonly ExportFormat[]): string {
  const width = Math.max(0, ...formats.map(({ name }) => name.length))
  const place = {
    file: 'stdout, or the file that --to names',
    folder: 'the folder --to',
    folders: 'a folder for each point below --to',
  }
  return formats.map(({ name, about, shape }) => `  ${name.padEnd(width)}  ${about}; ${place[shape]}`).join('\n')
}
