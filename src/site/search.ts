import type { RunSummary } from './catalogue.ts'

/** Fields that can be searched by name: `status:complete`, `date:2026-11`. */
const fields: Readonly<Record<string, (run: RunSummary) => readonly string[]>> = {
  name: run => [run.sweep],
  run: run => [run.runId, run.place.run],
  model: run => run.models,
  date: run => [run.createdAt],
  revision: run => [run.revision],
  deployer: run => [run.deployer],
  host: run => [run.host],
  status: run => [run.state, run.isBaseline ? 'baseline' : ''],
}

/** Names that can stand before the colon of a search term. */
export const fieldNames: readonly string[] = Object.keys(fields)

/**
 * Names before a colon that are not fields, such as `modle:qwen`. An address (`http://host`) is not a field either, and
 * quoted text never is.
 */
export function unknownFields(query: string): readonly string[] {
  const named = [...query.matchAll(word)].flatMap(([, , name, , bare = '']) =>
    name === undefined || bare.startsWith('//') ? [] : [name.toLowerCase()],
  )
  return [...new Set(named)].filter(name => !Object.hasOwn(fields, name))
}

/** `text`, `"some text"`, `field:text`, `-text`. */
const word = /(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi

/** One term of a search. */
interface Term {
  /** Null for any field. */
  readonly field: string | null
  readonly text: string
  readonly wanted: boolean
}

/**
 * The runs that match every term: text anywhere in a run's fields, `field:text` in one field, `-…` to exclude. Quotes
 * keep words together. Case and order don't matter.
 */
export function search(runs: readonly RunSummary[], query: string): readonly RunSummary[] {
  const terms = termsOf(query)
  return runs.filter(run => terms.every(term => fits(run, term) === term.wanted))
}

function termsOf(query: string): readonly Term[] {
  return [...query.matchAll(word)].flatMap(([whole, minus, name, quoted, bare]) => {
    const field = name?.toLowerCase() ?? null
    const text = (quoted ?? bare ?? '').toLowerCase()
    const wanted = minus === ''
    if (text === '' || isUnfinished(whole)) return []
    if (field === null || Object.hasOwn(fields, field)) return [{ field, text, wanted }]
    // `http://…` and the like are text, not a field.
    return [{ field: null, text: whole.slice(minus?.length ?? 0).toLowerCase(), wanted }]
  })
}

/** An incomplete term: `-`, or a field without text. */
function isUnfinished(word: string): boolean {
  const [, name = ''] = /^-?([a-z]*):?$/i.exec(word) ?? []
  return word === '-' || (word.endsWith(':') && Object.hasOwn(fields, name.toLowerCase()))
}

function fits(run: RunSummary, { field, text }: Term): boolean {
  const read = field === null ? Object.values(fields) : [fields[field] ?? (() => [])]
  return read.some(of => of(run).some(value => value.toLowerCase().includes(text)))
}
