import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { join } from 'node:path'
import { defined, isRecord } from '../../model/index.ts'

/** The oldest of more compiled specifications are deleted. A report has about ten. */
const mostKept = 200
const prefix = 'chart-'

/**
 * Compiles a specification, or takes what was compiled before from Node's compile cache. Most charts of a sweep's next
 * run and of its other workloads differ in their inline data and their title alone, which compiling does not look at, so
 * both are put in afterwards.
 * @param compiler what compiles, with its version
 * @param folder null: nothing is kept
 */
export function compiledChart(
  spec: object,
  compiler: { readonly version: string; readonly compile: (spec: object) => object },
  folder: string | null = getCompileCacheDir() ?? null,
): object {
  if (folder === null) return compiler.compile(spec)
  const { shape, tables, title } = withoutOwn(spec)
  const key = createHash('sha256')
    .update(`${compiler.version} ${JSON.stringify(shape)}`)
    .digest('hex')
    .slice(0, 32)
  const file = join(folder, `${prefix}${key}.json`)
  const known = readKept(file)
  const compiled = known ?? compiler.compile(shape)
  if (known === null) keep(file, compiled, folder)
  return withOwn(compiled, tables, title)
}

type Table = readonly unknown[]

/** Text of a chart's title; each is there if the specification has it. */
interface Title {
  readonly text?: unknown
  readonly subtitle?: unknown
}

/** A specification whose inline tables are numbered instead, `[{ table: 0 }]`, and whose title has names for its text. */
function withoutOwn(spec: { readonly title?: unknown }): {
  readonly shape: object
  readonly tables: readonly Table[]
  readonly title: Title
} {
  const tables: Table[] = []
  const given = isRecord(spec.title) ? spec.title : {}
  const title = defined({ text: given.text, subtitle: given.subtitle })
  const named = Object.fromEntries(Object.keys(title).map(key => [key, key]))
  const untitled = isRecord(spec.title) ? { ...spec, title: { ...given, ...named } } : spec
  const shape = JSON.parse(
    JSON.stringify(untitled, (key, value) => {
      if (key !== 'data' || !Array.isArray(value?.values)) return value
      const known = tables.indexOf(value.values)
      return { ...value, values: [{ table: known === -1 ? tables.push(value.values) - 1 : known }] }
    }),
  )
  return { shape, tables, title }
}

/** A compiled specification with its title, and with the tables that the numbers in its list of data stand for. */
function withOwn(
  compiled: { readonly data?: readonly object[]; readonly title?: unknown },
  tables: readonly Table[],
  title: Title,
): object {
  const titled = isRecord(compiled.title) ? { ...compiled, title: { ...compiled.title, ...title } } : compiled
  if (compiled.data === undefined || tables.length === 0) return titled
  const data = compiled.data.map(source => {
    const number = 'values' in source ? (source.values as [{ readonly table: number }])[0].table : undefined
    return number === undefined ? source : { ...source, values: tables[number] }
  })
  return { ...titled, data }
}

function readKept(file: string): object | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as object
  } catch {
    return null
  }
}

/** A failure to write is ignored. */
function keep(file: string, compiled: object, folder: string): void {
  const half = `${file}.${randomUUID()}`
  try {
    writeFileSync(half, JSON.stringify(compiled))
    renameSync(half, file)
    const kept = readdirSync(folder).filter(name => name.startsWith(prefix))
    if (kept.length <= mostKept) return
    const byAge = kept.map(name => ({ name, at: statSync(join(folder, name)).mtimeMs })).sort((a, b) => a.at - b.at)
    for (const { name } of byAge.slice(0, kept.length - mostKept)) rmSync(join(folder, name), { force: true })
  } catch {
    rmSync(half, { force: true })
  }
}
