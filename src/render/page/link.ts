/** What a page shows, as text: the part of its address after `#`. */
export type LinkState = { readonly [key: string]: string }

/** `#x=ttft_p95_ms&log=1` as a state; keys that the page doesn't know stay out. */
export function stateOf(hash: string, keys: readonly string[]): LinkState {
  const asked = new URLSearchParams(hash.replace(/^#/, ''))
  return Object.fromEntries(keys.flatMap(key => (asked.has(key) ? [[key, asked.get(key) ?? '']] : [])))
}

/**
 * The address for a state: what is as it is without being asked for is left out, so that a link says only what was
 * chosen, and keys of others stay.
 */
export function hashOf(state: LinkState, defaults: LinkState, before = ''): string {
  const next = new URLSearchParams(before.replace(/^#/, ''))
  for (const [key, value] of Object.entries(state))
    if (value === (defaults[key] ?? '')) next.delete(key)
    else next.set(key, value)
  return next.toString()
}

/** Several texts as one value of a link, whatever they contain. */
export function listText(values: readonly string[]): string {
  return values.map(value => encodeURIComponent(value).replaceAll('~', '%7E')).join('~')
}

/** The texts of {@link listText}; a damaged one is left out. */
export function listOf(text: string): readonly string[] {
  if (text === '') return []
  return text.split('~').flatMap(part => {
    try {
      return [decodeURIComponent(part)]
    } catch {
      return []
    }
  })
}
