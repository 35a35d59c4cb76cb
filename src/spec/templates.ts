import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const folder = join(import.meta.dirname, '../../sweeps')

/** A sweep file that `fulcrum init` can write. */
export interface SweepTemplate {
  readonly text: string
  /** Files that it names, by their path relative to it. */
  readonly beside: Readonly<Record<string, string>>
}

/** What the pictures of the documentation are made from. */
const noTemplate = 'pictures.yaml'

/** The templates by name. They are the files in sweeps/, which the tests run. */
export function initTemplates(): Readonly<Record<string, SweepTemplate>> {
  const files = readdirSync(folder)
    .filter(file => file.endsWith('.yaml') && file !== noTemplate)
    .sort()
  return Object.fromEntries(
    files.map(file => {
      const text = readFileSync(join(folder, file), 'utf8')
      return [basename(file, '.yaml'), { text, beside: filesNamedIn(text, basename(file, '.yaml')) }]
    }),
  )
}

/** The files that the template names, in the folder of the same name. */
function filesNamedIn(text: string, name: string): Readonly<Record<string, string>> {
  const named = [...text.matchAll(new RegExp(`\\b${name}/[\\w.-]+\\.(?:yaml|jsonl)\\b`, 'g'))].map(([path]) => path)
  return Object.fromEntries([...new Set(named)].map(path => [path, readFileSync(join(folder, path), 'utf8')]))
}
