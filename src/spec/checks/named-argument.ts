import type { Json } from '../../model/index.ts'

/** An argument by name, with `-` or `_`; the first source that has it wins. */
export function findNamed(name: string, sources: readonly { readonly [key: string]: Json }[]): Json | undefined {
  for (const source of sources) {
    const key = Object.keys(source).find(key => key.replaceAll('_', '-').replace(/^-+/, '') === name)
    if (key !== undefined) return source[key]
  }
  return undefined
}
