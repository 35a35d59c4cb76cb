import type { Api } from '../model/index.ts'
import type { Lexicon } from './lexicon.ts'
import type { PromptSet } from './prompt-set.ts'
import { sharedBytes, sharedFloat64 } from './prompt-set.ts'
import { createWordWriter } from './words.ts'

/** The bytes of a prompt set. */
export type Frame = Pick<PromptSet, 'json' | 'offsets'>

/** Converts texts of lexicon words, which need no escaping, to the JSON of an API. */
export function frameTexts(texts: readonly Uint16Array[], api: Api, lexicon: Lexicon): Frame {
  const [before, after] = around(api)
  const head = Buffer.from(before)
  const tail = Buffer.from(after)
  const writer = createWordWriter(lexicon)
  const offsets = offsetsOf(texts.length, index => head.length + writer.sizeOf(texts[index] ?? noWords) + tail.length)
  const json = sharedBytes(offsets.at(-1) ?? 0)
  for (const [index, text] of texts.entries()) {
    const start = offsets[index] ?? 0
    json.set(head, start)
    json.set(tail, writer.write(text, json, start + head.length))
  }
  return { json, offsets }
}

function around(api: Api): readonly [before: string, after: string] {
  return api === 'chat' ? ['[{"role":"user","content":"', '"}]'] : ['"', '"']
}

/** Length in bytes of the JSON before the text. */
export function textStart(api: Api): number {
  return around(api)[0].length
}

const noWords = new Uint16Array(0)

/** Concatenates JSON values. */
export function frameValues(values: readonly unknown[]): Frame {
  const parts = values.map(value => Buffer.from(JSON.stringify(value)))
  const offsets = offsetsOf(parts.length, index => parts[index]?.length ?? 0)
  const json = sharedBytes(offsets.at(-1) ?? 0)
  for (const [index, part] of parts.entries()) json.set(part, offsets[index])
  return { json, offsets }
}

function offsetsOf(count: number, sizeOf: (index: number) => number): Float64Array {
  const offsets = new Float64Array(count + 1)
  for (let index = 0; index < count; index++) offsets[index + 1] = (offsets[index] ?? 0) + sizeOf(index)
  return sharedFloat64(offsets)
}
