import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Tokenizer } from '@huggingface/tokenizers'
import fc from 'fast-check'
import { countByPieces, splitsAtSpaces } from '../../src/simulator/server/piece-counts.ts'
import { tokenizerFolder } from '../../src/simulator/server/token-counter.ts'

const read = (name: string) => JSON.parse(readFileSync(join(tokenizerFolder('builtin:deepseek-v3'), name), 'utf8'))
const definition = read('tokenizer.json')
const tokenizer = new Tokenizer(definition, read('tokenizer_config.json'))
const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids.length
const count = countByPieces(definition, encode)

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
  const vocabulary: string[] = Object.keys(definition.model.vocab).filter(token => /^Ġ[A-Za-z]+$/.test(token))
  assert.ok(vocabulary.length > 10_000)
  // Every fiftieth: all of them take ten seconds.
  for (let index = 0; index < vocabulary.length; index += 50) {
    const word = ` ${vocabulary[index]?.slice(1)}`
    assert.equal(encode(word), 1, word)
  }
})

test('a tokenizer that may join words is left to count by itself', () => {
  const joining = { pre_tokenizer: { type: 'Metaspace' }, model: { vocab: { Ġa: 1 } } }
  assert.equal(splitsAtSpaces(joining), false)
  assert.equal(countByPieces(joining, () => 42)('a a a'), 42)
})
