/** One series of a metric at one moment. */
export interface Sample {
  /** Full name as written, `_sum`, `_count` or `_bucket` included. */
  readonly name: string
  readonly labels: { readonly [name: string]: string }
  readonly value: number
}

/** What a metrics page said: its samples, and each metric's declared type. */
export interface Exposition {
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]
}

const sampleLine = /^([A-Za-z_:][A-Za-z0-9_:]*)\s*(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/
const typeLine = /^#\s+TYPE\s+(\S+)\s+(\S+)/
const labelPair = /\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?/gy

/**
 * Reads Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). Lines that are
 * none of it are passed over: half a metrics page is still worth its other half.
 */
export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>()
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) {
      const [, name, type] = typeLine.exec(line) ?? []
      if (name !== undefined && type !== undefined) types.set(name, type)
      continue
    }
    const [, name, pairs, figure] = sampleLine.exec(line) ?? []
    if (name === undefined || figure === undefined) continue
    const value = numberOf(figure)
    const labels = labelsOf(pairs ?? '')
    if (value !== null && labels !== null) samples.push({ name, labels, value })
  }
  return { types, samples }
}

function numberOf(text: string): number | null {
  if (/^\+?inf$/i.test(text)) return Infinity
  if (/^-inf$/i.test(text)) return -Infinity
  const value = Number(text)
  return Number.isNaN(value) && !/^nan$/i.test(text) ? null : value
}

/** Label values escape backslash, quote and line feed, nothing else. */
function labelsOf(pairs: string): Sample['labels'] | null {
  const matches = [...pairs.matchAll(labelPair)]
  const end = matches.reduce((sum, [whole]) => sum + whole.length, 0)
  if (pairs.slice(end).trim() !== '') return null
  return Object.fromEntries(matches.map(([, name = '', value = '']) => [name, unescaped(value)]))
}

const unescaped = (value: string): string =>
  value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
