import { readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** One name that `fulcrum` exports, with what its TSDoc says. */
export interface ApiEntry {
  readonly name: string
  readonly kind: 'function' | 'constant' | 'class' | 'type'
  /** Where it is declared, from the root of the repository. */
  readonly file: string
  readonly line: number
  /** The declaration without bodies. */
  readonly signature: string
  /** Markdown; empty without TSDoc. */
  readonly text: string
  readonly params: readonly { readonly name: string; readonly text: string }[]
  readonly returns: string
  readonly throws: readonly string[]
  /** TypeScript, a module each. */
  readonly examples: readonly string[]
}

/**
 * The exports of src/index.ts by name, read from the source as it is formatted. TypeDoc is the usual tool for this; its
 * newest version takes TypeScript up to 6.0, and the sources are compiled with 7.0, which has no such interface yet.
 *
 * @throws {Error} An export has a form that this doesn't read, such as `export *`.
 */
export async function publicApi(): Promise<readonly ApiEntry[]> {
  const index = join(root, 'src/index.ts')
  const names = exportsIn(await readFile(index, 'utf8'))
  const entries = await Promise.all(names.map(({ name, from }) => entryOf(name, join(dirname(index), from))))
  return entries.toSorted((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
}

/** What an index re-exports, name by name. */
export function exportsIn(text: string): readonly { readonly name: string; readonly from: string }[] {
  const statements = [...text.matchAll(/^export [\s\S]*?'$/gm)].map(([statement]) => statement)
  return statements.flatMap(statement => {
    const [, names, from] = /^export (?:type )?\{([^}]*)\} from '([^']+)'$/.exec(statement) ?? []
    if (names === undefined || from === undefined)
      throw new Error(`src/index.ts: name each export: export { name } from 'file', not ${statement}`)
    const trimmed = names.split(',').map(name => name.trim().replace(/^type /, ''))
    return trimmed.filter(name => name !== '').map(name => ({ name, from }))
  })
}

async function entryOf(name: string, file: string): Promise<ApiEntry> {
  const text = await readFile(file, 'utf8')
  const path = relative(root, file)
  const pattern = `^export (?:abstract )?(?:async )?(function\\*?|const|class|interface|type) ${name}\\b`
  const found = new RegExp(pattern, 'm').exec(text)
  if (found === null) {
    const [, from] = new RegExp(`^export (?:type )?\\{[^}]*\\b${name}\\b[^}]*\\} from '([^']+)'`, 'm').exec(text) ?? []
    const star = from ?? (await starWith(name, text, file))
    if (star === null) throw new Error(`${path} does not declare ${name}, which src/index.ts exports`)
    return entryOf(name, join(dirname(file), star))
  }
  const keyword = found[1] ?? ''
  const kind = keyword.startsWith('function') ? 'function' : keyword === 'const' ? 'constant' : keyword
  const before = text.slice(0, found.index)
  const [comment = ''] = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n$/.exec(before) ?? []
  return {
    name,
    kind: kind === 'interface' || kind === 'type' ? 'type' : (kind as ApiEntry['kind']),
    file: path,
    line: before.split('\n').length,
    signature: signatureOf(text.slice(found.index), keyword),
    ...tagsOf(comment),
  }
}

/** The file that an `export *` of this one takes the name from; null for none. */
async function starWith(name: string, text: string, file: string): Promise<string | null> {
  for (const [, from = ''] of text.matchAll(/^export \* from '([^']+)'/gm)) {
    const there = await readFile(join(dirname(file), from), 'utf8')
    if (new RegExp(`^export .*\\b${name}\\b`, 'm').test(there)) return from
  }
  return null
}

/** A declaration without its body, as biome formats it: what is at the first column begins and ends it. */
export function signatureOf(text: string, keyword: string): string {
  const lines = text.split('\n')
  const taken: string[] = []
  let depth = 0
  for (const [at, line] of lines.entries()) {
    if (keyword === 'class' && /^ {2}(constructor|\w+)\(/.test(line))
      return [...taken, '}'].join('\n').replace(/\n+}$/, '\n}')
    taken.push(line)
    depth += [...line].reduce((sum, c) => sum + (c === '(' ? 1 : c === ')' ? -1 : 0), 0)
    if (keyword.startsWith('function') && depth === 0 && line.endsWith('{')) {
      return taken.join('\n').replace(/ \{$/, '').replace('async ', '').replace('function*', 'function')
    }
    const next = lines[at + 1] ?? ''
    if (!keyword.startsWith('function') && depth === 0 && (line === '}' || line.startsWith('} ') || next === '')) break
  }
  return taken.join('\n')
}

type Tags = Pick<ApiEntry, 'text' | 'params' | 'returns' | 'throws' | 'examples'>

/** What a TSDoc comment says, tag by tag. */
export function tagsOf(comment: string): Tags {
  const body = comment
    .replace(/^\/\*\*|\*\/\s*$/g, '')
    .split('\n')
    .map(line => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim()
  const [text = '', ...blocks] = body.split(/^(?=@\w+)/m)
  const of = (tag: string) =>
    blocks.filter(block => new RegExp(`^@${tag}\\b`).test(block)).map(block => block.replace(/^@\w+\s*/, '').trim())
  return {
    text: flowing(text),
    params: of('param').map(param => {
      const [, name = '', about = ''] = /^(\S+)\s+([\s\S]*)$/.exec(param) ?? []
      return { name, text: flowing(about.replace(/^- /, '')) }
    }),
    returns: flowing(of('returns')[0] ?? ''),
    throws: of('throws').map(flowing),
    examples: of('example').flatMap(example =>
      [...example.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code),
    ),
  }
}

/** Paragraphs on one line each, lists kept; links as code. */
const flowing = (text: string): string =>
  text
    .trim()
    .replace(/\{@link (\w[\w.]*)\}/g, '`$1`')
    .split(/\n{2,}/)
    .map(paragraph => paragraph.replace(/\n(?!- )\s*/g, ' '))
    .join('\n\n')

const titles = { function: 'Functions', constant: 'Constants', class: 'Classes', type: 'Types' } as const

/** The page of docs/reference. */
export async function publicApiPage(): Promise<string> {
  const entries = await publicApi()
  const groups = (Object.keys(titles) as ApiEntry['kind'][]).map(kind => ({
    title: titles[kind],
    own: entries.filter(entry => entry.kind === kind),
  }))
  const shown = groups.filter(({ own }) => own.length > 0)
  return [
    '# TypeScript API',
    '',
    "What `import { … } from 'fulcrum'` gives. `npm run docs:api` generates this page from the sources; the tests type-check and run its",
    'examples. Everything else in the package may change in any version.',
    '',
    ...shown.map(
      ({ title, own }) => `- ${title}: ${own.map(({ name }) => `[${name}](#${name.toLowerCase()})`).join(', ')}`,
    ),
    ...shown.flatMap(({ title, own }) => ['', `## ${title}`, ...own.flatMap(section)]),
    '',
  ].join('\n')
}

function section({ name, file, signature, text, params, returns, throws, examples }: ApiEntry): readonly string[] {
  const list = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : ['', `${title}:`, '', ...lines])
  return [
    '',
    `### ${name}`,
    '',
    text,
    '',
    '```ts',
    signature,
    '```',
    ...list(
      'Parameters',
      params.map(param => `- \`${param.name}\`: ${param.text}`),
    ),
    ...(returns === '' ? [] : ['', `Returns ${returns}.`.replace(/\.\.$/, '.')]),
    ...list(
      'Throws',
      throws.map(line => `- ${line}`),
    ),
    ...examples.flatMap(example => ['', '```ts', example.trimEnd(), '```']),
    '',
    `Declared in [${file}](../../${file}).`,
  ]
}
