import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nearMiss } from '../../src/yaml/near-miss.ts'

const known = ['concurrency', 'request_rate', 'max_num_batched_tokens', 'slo', 'osl', 'topologies', 'isl']

const cases: readonly [what: string, word: string, meant: string | null][] = [
  ['a missing letter', 'concurency', 'concurrency'],
  ['an extra letter', 'conncurrency', 'concurrency'],
  ['a wrong letter', 'toporogies', 'topologies'],
  ['swapped neighbours', 'topologeis', 'topologies'],
  ['swapped neighbours in a word of three letters', 'sol', 'slo'],
  ['other case and separators', 'Request-Rate', 'request_rate'],
  ['several mistakes in a long word', 'max_num_batchd_tokns', 'max_num_batched_tokens'],
  ['another word', 'deployment', null],
  ['a long name with another word in it', 'max_num_speculative_tokens', null],
  ['a short word with every letter wrong', 'xyz', null],
  ['nothing', '', null],
]
for (const [what, word, meant] of cases)
  test(`${what}: ${word} → ${meant}`, () => {
    assert.equal(nearMiss(word, known), meant)
  })

test('the closest of several words is suggested, the first of equally close ones', () => {
  assert.equal(nearMiss('prefil', ['prefix', 'prefill']), 'prefix')
  assert.equal(nearMiss('prefll', ['prefix', 'prefill']), 'prefill')
})

test('a word of six or more letters is found after any single slip', () => {
  const word = fc.stringMatching(/^[a-z]{6,20}$/)
  fc.assert(
    fc.property(word, fc.nat(), fc.constantFrom('drop', 'double', 'swap'), (meant, at, slip) => {
      const i = at % (meant.length - 1)
      const [before, here, next, after] = [meant.slice(0, i), meant[i], meant[i + 1], meant.slice(i + 2)]
      const typed =
        slip === 'drop'
          ? before + next + after
          : slip === 'double'
            ? before + here + here + next + after
            : before + next + here + after
      assert.equal(nearMiss(typed, ['qq', meant]), meant)
    }),
  )
})

test('a very long word is answered at once', () => {
  assert.equal(nearMiss('x'.repeat(1_000_000), known), null)
})
