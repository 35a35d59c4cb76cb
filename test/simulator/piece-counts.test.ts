import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Tokenizer } from '@huggingface/tokenizers'
import fc from 'fast-check'
import { countByPieces, splitsAtSpaces, wordsOfOneToken } from '../../src/simulator/server/piece-counts.ts'
import { tokenizerFolder } from '../../src/simulator/server/token-counter.ts'

const read = (name: string) => JSON.parse(readFileSync(join(tokenizerFolder('builtin:deepseek-v3'), name), 'utf8'))
const definition = read('tokenizer.json')
const tokenizer = new Tokenizer(definition, read('tokenizer_config.json'))
const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids.length
const count = countByPieces(wordsOfOneToken(definition), encode)

test('a text counted in pieces has the tokens that the tokenizer gives it', () => {
  const words = fc.constantFrom(
    ...['the', 'Quick', "it's", 'a1', '9', 'naïve', 'x  y', '\n', 'foo\n bar', 'end,', '中文', 'ing', '-ly', '😀', ''],
  )
  const spaced = fc.array(fc.oneof(words, fc.string()), { maxLength: 30 }).map(parts => parts.join(' '))
  fc.assert(
    fc.property(fc.oneof(spaced, fc.string({ unit: 'grapheme' })), text => assert.equal(count(text), encode(text))),
    { numRuns: 300 },
  )
})

test('every word of the vocabulary is one token', () => {
  const vocabulary = [...(wordsOfOneToken(definition) ?? [])]
  for (const spaced of [true, false]) {
    const words = vocabulary.filter(word => word.startsWith(' ') === spaced)
    assert.ok(words.length > 10_000)
    // Every fiftieth: all of them take ten seconds.
    for (let index = 0; index < words.length; index += 50) assert.equal(encode(words[index] ?? ''), 1, words[index])
  }
})

test('a first word without a space is not known where the tokenizer puts a space before it', () => {
  const pattern = { type: 'Split', pattern: { Regex: '\\p{L}+' } }
  const words = (addsSpace: boolean) =>
    wordsOfOneToken({
      pre_tokenizer: [pattern, { type: 'ByteLevel', add_prefix_space: addsSpace }],
      model: { vocab: { Ġthe: 1, the: 2, Ġ1: 3 } },
    })
  assert.deepEqual([...(words(true) ?? [])], [' the'])
  assert.deepEqual([...(words(false) ?? [])], [' the', 'the'])
})

test('a tokenizer that may join words is left to count by itself', () => {
  const joining = { pre_tokenizer: { type: 'Metaspace' }, model: { vocab: { Ġa: 1 } } }
  assert.equal(splitsAtSpaces(joining), false)
  assert.equal(countByPieces(wordsOfOneToken(joining), () => 42)('a a a'), 42)
})
