import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'

const folder = join(import.meta.dirname, '../../sweeps')

/** A sweep file that `fulcrum init` can write. */
export interface SweepTemplate {
  /** As it stands in sweeps/; see {@link textIn} for another folder. */
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
      return [basename(file, '.yaml'), { text, beside: filesNamedIn(text) }]
    }),
  )
}

/** The files below sweeps/ that a template names. */
function filesNamedIn(text: string): Readonly<Record<string, string>> {
  const named = [...text.matchAll(/(?<![\w./-])[\w-]+\/[\w.-]+\.(?:yaml|jsonl)\b/g)].map(([path]) => path)
  const there = [...new Set(named)].filter(path => existsSync(join(folder, path)))
  return Object.fromEntries(there.map(path => [path, readFileSync(join(folder, path), 'utf8')]))
}

/**
 * A template's text for another folder: what it names outside sweeps/ is found from there. Systems that only Fulcrum's
 * own tests install give way to what a user has: `python3` on PATH, and the usual cache of Hugging Face.
 * @param where absolute path of the folder that the sweep is written to
 */
export function textIn(where: string, text: string, exists: (path: string) => boolean = existsSync): string {
  const targetOf = (path: string) => join(folder, path)
  const cache = /HF_HOME: (\S+)/.exec(text)?.[1]
  const hasCache = cache === undefined || exists(targetOf(cache))
  const lines = text.split('\n').flatMap(line => {
    if (!hasCache && line.includes('HF_HOME:')) return []
    if (!hasCache && line.includes('HF_HUB_OFFLINE: 1')) return [line.replace('1', '0 # downloads the tokenizer')]
    const path = pathIn(line)
    if (path === '') return [line]
    if (!exists(targetOf(path)) && path.endsWith('/bin/python')) return [line.replace(path, 'python3')]
    const way = relative(where, targetOf(path))
    return [line.replace(path, way.startsWith('../../../') ? targetOf(path) : way)]
  })
  return lines.join('\n')
}

/** The path of a line that leads out of sweeps/; empty without one. */
const pathIn = (line: string) => /(?<=: )\.\.\/[\w./-]+/.exec(line)?.[0] ?? ''
