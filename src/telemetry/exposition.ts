/** One series of a metric at one moment. */
export interface Sample {
  /** Full name as written, including `_sum`, `_count` or `_bucket`. */
  readonly name: string
  readonly labels: { readonly [name: string]: string }
  readonly value: number
}

/** A parsed metrics page: its samples, and the declared type of each metric. */
export interface Exposition {
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]
  /** Number of lines that are neither a sample nor a comment, and the first of them. */
  readonly unread: { readonly count: number; readonly first: string | null }
  /** Whether the page ends with `# EOF`, as every complete OpenMetrics page does. */
  readonly ended: boolean
}

const metricName = /[A-Za-z_:][A-Za-z0-9_:]*/y
const typeLine = /^#\s+TYPE\s+("(?:[^"\\]|\\.)*"|\S+)\s+(\S+)/
/** A name, bare or quoted, with a quoted value; or only a quoted name, which is the metric's own. */
const labelPair = /\s*(?:([A-Za-z_][A-Za-z0-9_.:]*)|"((?:[^"\\]|\\.)*)")\s*(?:=\s*"((?:[^"\\]|\\.)*)")?\s*(,|(?=\}))/y
/** A value, an optional timestamp (ms, or seconds with a fraction), and an optional exemplar. */
const figures = /^\s+(\S+)(?:\s+[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)?(?:\s+#\s*\{.*)?\s*$/i

/**
 * Parses Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/) and OpenMetrics
 * 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/). Timestamps and exemplars are ignored. Invalid lines are
 * skipped and counted, because the rest of the page is still useful.
 */
export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>()
  const samples: Sample[] = []
  let ended = false
  let count = 0
  let first: string | null = null
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) {
      const [, name, type] = typeLine.exec(line) ?? []
      if (name !== undefined && type !== undefined) types.set(bare(name), type)
      ended ||= /^# EOF\s*$/.test(line)
      continue
    }
    if (line.trim() === '') continue
    const sample = sampleOf(line)
    if (sample === null) {
      count++
      first ??= line.trim()
    } else samples.push(sample)
  }
  return { types, samples, unread: { count, first }, ended }
}

/**
 * The series that a page has more than once with different values, each as `name{label="…"}`. Prometheus rejects such a
 * page, and which value is right is unknown.
 */
export function contradictions({ samples }: Exposition): readonly string[] {
  const values = new Map<string, number>()
  const found = new Set<string>()
  for (const { name, labels, value } of samples) {
    const pairs = Object.entries(labels).map(([label, of]) => `${label}="${of}"`)
    const series = pairs.length === 0 ? name : `${name}{${pairs.sort().join(',')}}`
    const before = values.get(series)
    if (before === undefined) values.set(series, value)
    else if (!Object.is(before, value)) found.add(series)
  }
  return [...found]
}

function sampleOf(line: string): Sample | null {
  metricName.lastIndex = 0
  const bareName = metricName.exec(line)?.[0]
  let at = bareName?.length ?? 0
  while (line[at] === ' ' || line[at] === '\t') at++
  const labels =
    line[at] === '{' ? labelsOf(line, at + 1) : { pairs: {}, quotedName: undefined, end: bareName?.length ?? 0 }
  const name = bareName ?? labels?.quotedName
  if (labels === null || name === undefined || (bareName !== undefined && labels.quotedName !== undefined)) return null
  const value = numberOf(figures.exec(line.slice(labels.end))?.[1] ?? 'none')
  return value === null ? null : { name, labels: labels.pairs, value }
}

/** Parses `a="b",…}` from a position; returns where it ends, or null if it is malformed. */
function labelsOf(
  line: string,
  from: number,
): { readonly pairs: Sample['labels']; readonly quotedName: string | undefined; readonly end: number } | null {
  const pairs: [string, string][] = []
  let quotedName: string | undefined
  let at = from
  for (;;) {
    labelPair.lastIndex = at
    const [whole, name, quoted, value] = labelPair.exec(line) ?? []
    if (whole === undefined) break
    if (value !== undefined) pairs.push([name ?? unescaped(quoted ?? ''), unescaped(value)])
    else if (quoted !== undefined && quotedName === undefined && pairs.length === 0) quotedName = unescaped(quoted)
    else return null
    at += whole.length
  }
  while (line[at] === ' ' || line[at] === '\t') at++
  return line[at] === '}' ? { pairs: Object.fromEntries(pairs), quotedName, end: at + 1 } : null
}

function numberOf(text: string): number | null {
  if (/^\+?inf(inity)?$/i.test(text)) return Infinity
  if (/^-inf(inity)?$/i.test(text)) return -Infinity
  const value = Number(text)
  return Number.isNaN(value) && !/^nan$/i.test(text) ? null : value
}

const bare = (name: string): string => (name.startsWith('"') ? unescaped(name.slice(1, -1)) : name)

/** Label values escape only backslash, quote and line feed. */
const unescaped = (value: string): string =>
  value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
