import { hash } from 'node:crypto'
import type { PromptSet } from './prompt-set.ts'
import { promptJson, sharedUint32 } from './prompt-set.ts'

/** For each prompt of a set, the index of the first identical prompt, which may be its own. */
export function firstAlike(set: Pick<PromptSet, 'count' | 'json' | 'offsets'>): Uint32Array {
  const firsts = new Map<string, number>()
  const alike = new Uint32Array(set.count)
  for (let index = 0; index < set.count; index++) {
    const content = hash('sha1', promptJson(set, index), 'base64')
    const first = firsts.get(content)
    if (first === undefined) firsts.set(content, index)
    alike[index] = first ?? index
  }
  return sharedUint32(alike)
}
