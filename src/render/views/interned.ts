/** Texts that are the same at many points of a page, shipped once and named by their place. */
export interface Interned {
  readonly all: readonly string[]
  indexOf(text: string): number
}

export function interned(): Interned {
  const all: string[] = []
  const places = new Map<string, number>()
  const indexOf = (text: string): number => {
    const at = places.get(text) ?? all.push(text) - 1
    places.set(text, at)
    return at
  }
  return { all, indexOf }
}
