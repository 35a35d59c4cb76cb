import { createHash, randomUUID } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { getCompileCacheDir, stripTypeScriptTypes } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Inline } from './inline.ts'
import { inline } from './inline.ts'

/**
 * Modules of Fulcrum's own sources as a classic script that puts the exports of one of them on `globalThis[name]`: what
 * a page computes is then the same code that analysis runs. A module is taken in with those that it imports from. A
 * name that an index file only hands on is followed to the file that has it, so that the rest of a room stays out.
 * @param entry below src/, without ending: `analysis/frontier`
 * @throws RangeError when a module imports what a page can't have (Node, a package other than {@link packages}), or has
 *   an export of another form
 */
export async function loadPageModule(entry: string, name: string): Promise<Inline> {
  const first = new URL(`../../${entry}${extname(import.meta.url)}`, import.meta.url).href
  const known = new Map<string, Promise<Module>>()
  const moduleAt = (url: string): Promise<Module> => {
    const found = known.get(url) ?? readModule(url)
    known.set(url, found)
    return found
  }
  const written = new Map<string, string>()
  const parts: string[] = []

  /** The file that really has an export: an index file hands it on. */
  async function ownerOf(url: string, wanted: string): Promise<{ readonly url: string; readonly name: string }> {
    const module = await moduleAt(url)
    if (module.exports.includes(wanted)) return { url, name: wanted }
    const handedOn = module.handedOn.find(({ as }) => as === wanted)
    if (handedOn !== undefined) return ownerOf(new URL(handedOn.from, url).href, handedOn.name)
    for (const from of module.all) {
      const found = await ownerOf(new URL(from, url).href, wanted).catch(() => null)
      if (found !== null) return found
    }
    throw new RangeError(`${fileURLToPath(url)}: no export ${wanted} that a page can have`)
  }

  /** Writes a module after those that it needs; its variable. */
  async function write(url: string): Promise<string> {
    const before = written.get(url)
    if (before !== undefined) return before
    const module = await moduleAt(url)
    if (module.unusable !== null) throw new RangeError(`${fileURLToPath(url)}: a page can't have "${module.unusable}"`)
    const needs: string[] = []
    for (const { from, name: wanted, as } of module.imports) {
      const owner = await ownerOf(placeOf(from, url), wanted)
      needs.push(`const ${as} = ${await write(owner.url)}.${owner.name};`)
    }
    const variable = `m${written.size}`
    written.set(url, variable)
    const own = module.exports.map(name => (name === 'default' ? `default: ${module.main}` : name))
    const lines = [...needs, module.body, `return { ${own.join(', ')} };`]
    parts.push(`const ${variable} = (() => {\n${lines.join('\n')}\n})();`)
    return variable
  }

  const module = await moduleAt(first)
  const members = [...module.exports, ...module.handedOn.map(({ as }) => as)]
  const entries: string[] = []
  for (const member of members) {
    const owner = await ownerOf(first, member)
    entries.push(`${member}: ${await write(owner.url)}.${owner.name}`)
  }
  return inline(`globalThis.${name} = (() => {\n${parts.join('\n')}\nreturn { ${entries.join(', ')} };\n})();\n`)
}

/** Packages whose own sources are modules of one function each, and pure. Their index hands the functions on. */
const packages: { readonly [name: string]: string } = { 'simple-statistics': '../index.js' }

/** The file that an import means, seen from a module. */
function placeOf(from: string, module: string): string {
  const index = packages[from]
  return index === undefined ? new URL(from, module).href : new URL(index, import.meta.resolve(from)).href
}

interface Module {
  readonly imports: readonly Named[]
  /** `export { name as as } from 'from'` */
  readonly handedOn: readonly Named[]
  /** `export * from` */
  readonly all: readonly string[]
  /** Names of what the module itself declares; `default` for its {@link main}. */
  readonly exports: readonly string[]
  /** What it declares and exports as `default`; null without. */
  readonly main: string | null
  /** The text without imports and without the word export. */
  readonly body: string
  /** The statement that no page can have: an import of Node or of a package, an export of another form. */
  readonly unusable: string | null
}

interface Named {
  readonly from: string
  readonly name: string
  readonly as: string
}

async function readModule(url: string): Promise<Module> {
  const text = await readFile(new URL(url), 'utf8')
  return moduleOf(url.endsWith('.ts') ? await keptWithoutTypes(text) : text)
}

/** An ES module of our own, as formatted: statements of the top level begin a line. */
export function moduleOf(text: string): Module {
  const imports: Named[] = []
  const handedOn: Named[] = []
  const all: string[] = []
  const exports: string[] = []
  let main: string | null = null
  const body = text
    .replace(/^\/\*\*[\s\S]*?\*\/\s*$/gm, '')
    .replace(/^(import|export)\s*\{([^}]*)\}\s*from\s*['"]([^'"]+)['"];?[^\n]*$/gm, (all, word, list, from) => {
      if (!from.startsWith('.') && !(from in packages)) return all
      const names = namesIn(list).map(one => ({ ...one, from }))
      if (word === 'import') imports.push(...names)
      else handedOn.push(...names)
      return ''
    })
    .replace(/^import ([\w$]+) from\s*['"](\.[^'"]+)['"];?[^\n]*$/gm, (_, as, from) => {
      imports.push({ from, name: 'default', as })
      return ''
    })
    .replace(/^export \* from\s*['"](\.[^'"]+)['"];?[^\n]*$/gm, (_, from) => {
      all.push(from)
      return ''
    })
    .replace(/^export ((?:async )?function\*?|const|class) ([\w$]+)/gm, (_, word, name) => {
      exports.push(name)
      return `${word} ${name}`
    })
    .replace(/^export default ([\w$]+);?$/gm, (_, name) => {
      exports.push('default')
      main = name
      return ''
    })
    .replace(/^export \{\s*\};?$/gm, '')
  const unusable = /^(?:import|export)\b.*/m.exec(body)?.[0].trim() ?? null
  const shorter = body.replace(/[ \t]+$/gm, '').replace(/\n{2,}/g, '\n')
  return { imports, handedOn, all, exports, main, body: shorter, unusable }
}

function namesIn(list: string): readonly { readonly name: string; readonly as: string }[] {
  return list
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '' && !item.startsWith('type '))
    .map(item => {
      const [name = '', as = name] = item.split(/\s+as\s+/)
      return { name, as }
    })
}

/**
 * The text without types: from Node's compile cache where that is on, because loading what strips them takes 0.15 s of
 * CPU. An installed package has JavaScript and needs none of this.
 */
export async function keptWithoutTypes(text: string, folder = getCompileCacheDir()): Promise<string> {
  if (folder === undefined) return withoutTypes(text)
  const file = join(folder, `without-types-${createHash('sha256').update(text).digest('hex').slice(0, 32)}.js`)
  const kept = await readFile(file, 'utf8').catch(() => null)
  if (kept !== null) return kept
  const stripped = withoutTypes(text)
  const half = `${file}.${randomUUID()}`
  // A cache that cannot be written is no error.
  await writeFile(half, stripped)
    .then(() => rename(half, file))
    .catch(() => rm(half, { force: true }))
  return stripped
}

/** Node warns that its function is new; what it does is what Node itself does to run these files. */
function withoutTypes(text: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(text)
  } finally {
    process.emitWarning = emitWarning
  }
}
