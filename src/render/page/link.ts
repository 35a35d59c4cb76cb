/** State of a page as text: the part of its address after `#`. */
export type LinkState = { readonly [key: string]: string }

/** Parses `#x=ttft_p95_ms&log=1`, without unknown keys. */
export function stateOf(hash: string, keys: readonly string[]): LinkState {
  const asked = new URLSearchParams(hash.replace(/^#/, ''))
  return Object.fromEntries(keys.flatMap(key => (asked.has(key) ? [[key, asked.get(key) ?? '']] : [])))
}

/** The address for a state. Default values are omitted, and foreign keys are kept. */
export function hashOf(state: LinkState, defaults: LinkState, before = ''): string {
  const next = new URLSearchParams(before.replace(/^#/, ''))
  for (const [key, value] of Object.entries(state))
    if (value === (defaults[key] ?? '')) next.delete(key)
    else next.set(key, value)
  return next.toString()
}

/** Encodes a list of arbitrary texts as one value of a link. */
export function listText(values: readonly string[]): string {
  return values.map(value => encodeURIComponent(value).replaceAll('~', '%7E')).join('~')
}

/** Decodes {@link listText}, without damaged texts. */
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
