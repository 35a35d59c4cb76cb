import { type Document, type Node, type Scalar, visit } from 'yaml'

/** A value that is probably not what its author meant. */
export interface OddScalar {
  /** Offset of its start in the text. */
  readonly offset: number
  readonly wrong: string
  readonly right: string
}

/**
 * Finds values that YAML reads differently from what their author means, or that two YAML parsers read differently.
 * Quoted text is never ambiguous. Does not check keys.
 */
export function oddScalars(document: Document): readonly OddScalar[] {
  const found: OddScalar[] = []
  const foreignTag = ({ tag }: Node) => {
    if (tag === undefined || tag.startsWith('tag:yaml.org,2002:')) return null
    // `!include other.yaml` would be the text "other.yaml".
    return { wrong: `unknown tag ${tag}`, right: 'remove it, and write the value itself' }
  }
  visit(document, {
    Scalar(key, node) {
      const odd = key === 'key' ? null : (foreignTag(node) ?? oddity(node))
      if (odd !== null) found.push({ offset: node.range?.[0] ?? 0, ...odd })
    },
    Collection(_, node) {
      const odd = foreignTag(node)
      if (odd !== null) found.push({ offset: node.range?.[0] ?? 0, ...odd })
    },
  })
  return found
}

function oddity({ value, source = '', type }: Scalar): { readonly wrong: string; readonly right: string } | null {
  if (typeof value === 'number') return oddNumber(value, source)
  if (type !== 'PLAIN') return null
  if (/^(yes|no|on|off)$/i.test(source)) {
    const meant = /^(yes|on)$/i.test(source)
    return {
      wrong: `${source} is text in YAML 1.2, but ${meant} in YAML 1.1`,
      right: `write ${meant}, or "${source}" in quotes`,
    }
  }
  if (/^[-+]?\d+(_\d+)+$/.test(source)) {
    return {
      wrong: `${source} is text in YAML 1.2, but a number in YAML 1.1`,
      right: `write ${source.replaceAll('_', '')}, or "${source}" in quotes`,
    }
  }
  if (/^[-+]?0b[01_]+$/.test(source)) {
    return {
      wrong: `${source} is text in YAML 1.2, but a binary number in YAML 1.1`,
      right: 'write the number in decimal',
    }
  }
  return null
}

function oddNumber(value: number, source: string): { readonly wrong: string; readonly right: string } | null {
  // The schema rejects infinite numbers everywhere.
  if (!Number.isFinite(value)) return null
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return {
      wrong: `${source} is too large for an exact whole number: it would become ${value}`,
      right: `write at most ${Number.MAX_SAFE_INTEGER}, or "${source}" in quotes if the key takes text`,
    }
  }
  if (/^[-+]?0[xo]/i.test(source)) {
    const multiple = /^0x[0-9]+$/i.test(source)
      ? `, or ${Number(source.slice(2))}x for a multiple of the concurrency`
      : ''
    const notation = /x/i.test(source) ? 'hexadecimal' : 'octal'
    return { wrong: `${source} is ${value} (${notation})`, right: `write ${value}${multiple}, or quotes around text` }
  }
  if (/^[-+]?0\d+$/.test(source)) {
    return {
      wrong: `${source} is ${value} in YAML 1.2, but octal in YAML 1.1`,
      right: `write ${value}, or "${source}" in quotes`,
    }
  }
  if (value === 0 && /[1-9]/.test(source.replace(/e.*$/i, ''))) {
    return { wrong: `${source} is too small for a number: it would become 0`, right: 'write 0, or a larger number' }
  }
  return null
}
