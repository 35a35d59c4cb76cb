import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const folder = join(import.meta.dirname, '../../sweeps')

/** The sweep files that `fulcrum init` can write, by name: the ones in sweeps/, so that they can't drift from what works. */
export function initTemplates(): Readonly<Record<string, string>> {
  const files = readdirSync(folder)
    .filter(file => file.endsWith('.yaml'))
    .sort()
  return Object.fromEntries(files.map(file => [basename(file, '.yaml'), readFileSync(join(folder, file), 'utf8')]))
}
