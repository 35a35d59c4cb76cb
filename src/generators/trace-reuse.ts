import type { Trace } from './trace.ts'
import { tokensPerBlock } from './trace-lines.ts'

/** Tokens of some requests' prompts, and those that an unlimited prefix cache could have served. */
export interface Reuse {
  readonly promptTokens: number
  readonly reusableTokens: number
}

type Blocks = Pick<Trace, 'inputTokens' | 'hashIds' | 'blockTokens'>

/** Counts how much of a trace's prompts an unlimited prefix cache could reuse, request by request in sending order. */
export interface ReuseCount {
  /** Adds a request, whose blocks later ones can reuse. */
  add(row: number): Reuse
}

/** A block can be reused if an earlier prompt contained it and all blocks before it. */
export function countReuse({ inputTokens, hashIds, blockTokens = tokensPerBlock }: Blocks): ReuseCount {
  const seen = createChainSet()
  return {
    add(row) {
      const promptTokens = inputTokens[row] ?? 0
      const ids = hashIds?.[row] ?? []
      let reusableTokens = 0
      let unbroken = true
      seen.begin()
      for (const [index, id] of ids.entries()) {
        const isNew = seen.addNext(id)
        unbroken &&= !isNew
        if (unbroken) reusableTokens = Math.min(promptTokens, (index + 1) * blockTokens)
      }
      return { promptTokens, reusableTokens }
    },
  }
}

/** Reusable share of a whole trace, 0–1; null for an empty trace. */
export function reusableShare(trace: Blocks & Pick<Trace, 'count'>): number | null {
  const reuse = countReuse(trace)
  let [prompt, reusable] = [0, 0]
  for (let row = 0; row < trace.count; row++) {
    const { promptTokens, reusableTokens } = reuse.add(row)
    prompt += promptTokens
    reusable += reusableTokens
  }
  return prompt === 0 ? null : reusable / prompt
}

/**
 * Set of seen id chains, as 64-bit hashes with open addressing. A long trace has millions, for which a Set would take
 * ten times the memory.
 */
function createChainSet() {
  let bits = 12
  let high = new Uint32Array(1 << bits)
  let low = new Uint32Array(1 << bits)
  let size = 0
  let [a, b] = [0, 0]
  /** Adds a chain; true if it is new. */
  const put = (one: number, two: number): boolean => {
    const mask = (1 << bits) - 1
    for (let at = (one ^ two) & mask; ; at = (at + 1) & mask) {
      if (high[at] === 0 && low[at] === 0) {
        high[at] = one
        low[at] = two
        size += 1
        return true
      }
      if (high[at] === one && low[at] === two) return false
    }
  }
  const grow = () => {
    const [ones, twos] = [high, low]
    bits += 1
    high = new Uint32Array(1 << bits)
    low = new Uint32Array(1 << bits)
    size = 0
    for (let at = 0; at < ones.length; at++) {
      const [one = 0, two = 0] = [ones[at], twos[at]]
      if (one !== 0 || two !== 0) put(one, two)
    }
  }
  return {
    begin() {
      a = 0x9e3779b9
      b = 0x85ebca6b
    },
    /** Extends the current chain by an id; true if the result is new. */
    addNext(id: number): boolean {
      const top = Math.floor(id / 2 ** 32)
      a = mixed(a ^ id, top + 0x7feb352d)
      b = mixed(b + id, top ^ 0x846ca68b)
      if (2 * size >= high.length) grow()
      return put((a | 1) >>> 0, b)
    },
  }
}

/** MurmurHash3's finalizer, twice, over two words. */
function mixed(one: number, two: number): number {
  let hash = finalised(one) ^ two
  hash = Math.imul(hash, 0x9e3779b1)
  return finalised(hash) >>> 0
}

function finalised(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
