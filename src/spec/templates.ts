import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'

const folder = join(import.meta.dirname, '../../sweeps')

/** A sweep file that `fulcrum init` can write. */
export interface SweepTemplate {
  /** Text as in sweeps/. See {@link textIn} for other folders. */
  readonly text: string
  /** Contents of the files that it names, by path relative to it. */
  readonly beside: Readonly<Record<string, string>>
}

/** Sweep for the pictures in the documentation. Not a template. */
const noTemplate = 'pictures.yaml'

/** Templates by name: the files in sweeps/, which are also tested. */
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

/** Contents of the files below sweeps/ that a template names. */
function filesNamedIn(text: string): Readonly<Record<string, string>> {
  const named = [...text.matchAll(/(?<![\w./-])[\w-]+\/[\w.-]+\.(?:yaml|jsonl)\b/g)].map(([path]) => path)
  const there = [...new Set(named)].filter(path => existsSync(join(folder, path)))
  return Object.fromEntries(there.map(path => [path, readFileSync(join(folder, path), 'utf8')]))
}

/**
 * Adapts a template's text to another folder. Changes paths outside sweeps/ accordingly, and replaces installations
 * that only Fulcrum's tests have by the user's: `python3` on PATH and the default Hugging Face cache.
 * @param where absolute path of the folder for the sweep
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

/** Path in a line that leads out of sweeps/; empty without one. */
const pathIn = (line: string) => /(?<=: )\.\.\/[\w./-]+/.exec(line)?.[0] ?? ''
