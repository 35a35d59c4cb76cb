/** A JSON Schema as zod writes one; only what a table of keys needs. */
export interface JsonSchema {
  readonly $ref?: string
  readonly $defs?: { readonly [name: string]: JsonSchema }
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly description?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly properties?: { readonly [key: string]: JsonSchema }
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
}

/** One key of a file, as a row of the reference. */
export interface KeyRow {
  /** `load.requests.auto.min`; `[]` stands for each entry of a list, `*` for a name that the user chooses. */
  readonly path: string
  readonly type: string
  /** Wherever the map is given that it belongs to; false for a key of one of several forms of that map. */
  readonly isRequired: boolean
  readonly description: string
}

/** All keys below a schema, in its order, each once. */
export function keyRows(root: JsonSchema): readonly KeyRow[] {
  const rows = new Map<string, KeyRow>()
  collect(root, '', [])
  // Where one entry may stand for a list of them, the keys of an entry are told once.
  return [...rows.values()].filter(({ path }) => !withoutOneList(path).some(entry => rows.has(entry)))

  function collect(given: JsonSchema, path: string, above: Above, isOneForm = false): void {
    if (isWithinItself(given, above)) return
    const schema = resolve(given, root)
    const here = below(given, above)
    const alternatives = alternativesOf(schema)
    const forms = alternatives.filter(alternative => resolve(alternative, root).properties !== undefined)
    for (const alternative of alternatives) collect(alternative, path, here, isOneForm || forms.length > 1)
    if (schema.items !== undefined) collect(schema.items, `${path}[]`, here)
    for (const [key, value] of Object.entries(schema.properties ?? {})) {
      const place = path === '' ? key : `${path}.${key}`
      add(place, value, !isOneForm && (schema.required?.includes(key) ?? false))
      collect(value, place, here)
    }
    const named = schema.additionalProperties
    if (typeof named === 'object') collect(named, `${path}.*`, here)
  }

  function add(path: string, value: JsonSchema, isRequired: boolean): void {
    const row = { path, type: typeOf(value, root), isRequired, description: descriptionOf(value, root) }
    const before = rows.get(path)
    if (before === undefined) rows.set(path, row)
    else if (before.type !== row.type && !before.type.split(' or ').includes(row.type))
      rows.set(path, { ...before, type: `${before.type} or ${row.type}`, isRequired: before.isRequired && isRequired })
  }
}

/** The references that were followed to get to a place: any JSON value is a list of such values, and so on for ever. */
type Above = readonly string[]

const isWithinItself = ({ $ref }: JsonSchema, above: Above) => $ref !== undefined && above.includes($ref)

const below = ({ $ref }: JsonSchema, above: Above): Above => ($ref === undefined ? above : [...above, $ref])

/** `a[].b[].c` → `a.b[].c`, `a[].b.c` */
const withoutOneList = (path: string): readonly string[] =>
  [...path.matchAll(/\[\]/g)].map(({ index }) => (path.slice(0, index) + path.slice(index + 2)).replace(/^\./, ''))

/** Follows references; what stands beside one counts before what it names. */
export function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema
  const { $ref, ...beside } = schema
  const named = root.$defs?.[$ref.replace('#/$defs/', '')]
  if (named === undefined) throw new Error(`the schema has no ${$ref}`)
  return { ...resolve(named, root), ...beside }
}

const alternativesOf = (schema: JsonSchema): readonly JsonSchema[] => [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]

function descriptionOf(given: JsonSchema, root: JsonSchema, above: Above = []): string {
  if (isWithinItself(given, above)) return ''
  const schema = resolve(given, root)
  if (schema.description !== undefined) return schema.description
  const described = alternativesOf(schema).map(alternative => descriptionOf(alternative, root, below(given, above)))
  return described.find(text => text !== '') ?? ''
}

function typeOf(given: JsonSchema, root: JsonSchema, above: Above = []): string {
  if (isWithinItself(given, above)) return 'anything'
  const here = below(given, above)
  const schema = resolve(given, root)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(value => JSON.stringify(value)).join(', ')
  const alternatives = alternativesOf(schema)
  if (alternatives.length > 0)
    return [...new Set(alternatives.map(alternative => typeOf(alternative, root, here)))].join(' or ')
  if (schema.type === 'array') {
    const entry = schema.items === undefined ? 'anything' : typeOf(schema.items, root, here)
    return `list of ${entry.includes(' or ') || entry.includes(', ') ? `(${entry})` : entry}`
  }
  if (schema.type === 'object') return 'map'
  if (schema.type === 'integer' || schema.type === 'number') return `${schema.type}${rangeOf(schema)}`
  if (typeof schema.type === 'string') return schema.type
  return schema.type === undefined ? 'anything' : schema.type.join(' or ')
}

/** ` from 1`, ` above 0 to 1`; empty without limits. Limits of the number type itself say nothing to a reader. */
function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const isTold = (limit: number | undefined): limit is number =>
    limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER
  const from = isTold(exclusiveMinimum) ? ` above ${exclusiveMinimum}` : isTold(minimum) ? ` from ${minimum}` : ''
  const to = isTold(exclusiveMaximum) ? ` below ${exclusiveMaximum}` : isTold(maximum) ? ` to ${maximum}` : ''
  return from + to
}
