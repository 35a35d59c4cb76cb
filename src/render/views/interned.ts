/** Texts shared by many points of a page. The page contains each once and refers to it by index. */
export interface Interned {
  readonly all: readonly string[]
  indexOf(text: string): number
}

/** Collects texts and returns their indices; initially empty. */
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
