import { createHash, randomUUID } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { getCompileCacheDir, stripTypeScriptTypes } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Inline } from './inline.ts'
import { inline } from './inline.ts'

/**
 * Converts modules of Fulcrum's sources to a classic script that sets the exports of one of them on `globalThis[name]`,
 * so that a page computes with the same code as the analysis. Includes the imported modules. A name that an index file
 * re-exports is resolved to its own file, so that the rest of the folder is not included.
 * @param entry below src/, without extension: `analysis/frontier`
 * @throws RangeError if a module imports something that a page can't have (Node, a package other than {@link
 *   packages}), or has an unsupported form of export
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

  /** The file that defines an export, following re-exports of index files. */
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

  /**
   * Writes a module after its dependencies.
   * @returns its variable
   */
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

/** Packages whose source modules have one pure function each, which their index re-exports. */
const packages: { readonly [name: string]: string } = { 'simple-statistics': '../index.js' }

/** The file of an import, resolved from a module. */
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
  /** Names that the module declares itself; `default` stands for its {@link main}. */
  readonly exports: readonly string[]
  /** Name of its default export; null if it has none. */
  readonly main: string | null
  /** The source without imports and the keyword export. */
  readonly body: string
  /** A statement that a page can't have: one that loads Node or a package, or an unsupported form of export. */
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

/** Parses one of our ES modules. They are formatted, so top-level statements start a line. */
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
  const unusable = /^(?:import|export)\b.*|^.*\bgetBuiltinModule\(.*/m.exec(body)?.[0].trim() ?? null
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
 * The source without types, from Node's compile cache if it is on, because loading the type stripper takes 0.15 s of
 * CPU. An installed package contains JavaScript and does not need this.
 */
export async function keptWithoutTypes(text: string, folder = getCompileCacheDir()): Promise<string> {
  if (folder === undefined) return withoutTypes(text)
  const file = join(folder, `without-types-${createHash('sha256').update(text).digest('hex').slice(0, 32)}.js`)
  const kept = await readFile(file, 'utf8').catch(() => null)
  if (kept !== null) return kept
  const stripped = withoutTypes(text)
  const half = `${file}.${randomUUID()}`
  // A failure to write the cache is ignored.
  await writeFile(half, stripped)
    .then(() => rename(half, file))
    .catch(() => rm(half, { force: true }))
  return stripped
}

/** Suppresses Node's warning about the experimental function, which Node itself uses to run these files. */
function withoutTypes(text: string): string {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(text)
  } finally {
    process.emitWarning = emitWarning
  }
}
