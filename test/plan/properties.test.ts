// Test part: long

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { filesOf, problems, sweepText } from '../spec/sweep-text.ts'

const quick = readFileSync(join(import.meta.dirname, '../../sweeps/quick.yaml'), 'utf8')
const wellFormed = /^\d+:\d+: .+$/

/**
 * `problems` lets anything but a FulcrumError through; so a resolved promise with well-formed lines is the claim
 * itself.
 */
async function assertReadable(text: string): Promise<void> {
  for (const line of await problems(text)) assert.match(line, wellFormed)
}

describe('a sweep file may hold anything', () => {
  test('any text is answered with problems, each with its place', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), assertReadable), { numRuns: 300 })
  })

  test('any YAML data is', async () => {
    const anything = fc
      .anything({ withNullPrototype: false, maxDepth: 4 })
      .map(value => stringify(JSON.parse(JSON.stringify(value ?? null) ?? 'null')))
    await fc.assert(fc.asyncProperty(anything, assertReadable), { numRuns: 200 })
  })

  test('any data in any section is', async () => {
    const section = fc.constantFrom(
      'name',
      'model',
      'deploy',
      'topologies',
      'engine',
      'workloads',
      'load',
      'generator',
      'slo',
      'budget',
    )
    await fc.assert(
      fc.asyncProperty(section, fc.jsonValue({ maxDepth: 4 }), async (key, value) => {
        await assertReadable(sweepText({ [key]: JSON.stringify(value) }))
      }),
      { numRuns: 400 },
    )
  })

  test('a working file with a piece cut out or doubled is', async () => {
    const at = fc.integer({ min: 0, max: quick.length })
    await fc.assert(
      fc.asyncProperty(at, at, fc.boolean(), async (a, b, cut) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        await assertReadable(cut ? quick.slice(0, from) + quick.slice(to) : quick.slice(0, to) + quick.slice(from))
      }),
      { numRuns: 200 },
    )
  })
})

describe('places', () => {
  const gap = fc.constantFrom('', '# a comment\n', '\n', '\n\n# ünï — ✓\n')

  test('a wrong value is found on its line and column, whatever stands around it', async () => {
    await fc.assert(
      fc.asyncProperty(gap, gap, fc.integer({ min: 1, max: 9 }), async (before, between, indent) => {
        const lead = `${before}name: x\n${between}repeats:${' '.repeat(indent)}`
        const found = await problems(`${lead}0\n${sweepText({ name: '' })}`)
        const line = lead.split('\n').length
        assert.equal(found[0], `${line}:${8 + indent + 1}: repeats is 0, below 1; write a whole number from 1`)
      }),
    )
  })

  test('a wrong key deep in a list is found where it is written', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(gap, { maxLength: 3 }), fc.integer({ min: 0, max: 5 }), async (gaps, entries) => {
        const lead = `${gaps.join('')}topologies:\n${'  - 1P1D\n'.repeat(Math.min(entries, 1))}  - aggregated: 1\n`
        const text = `${lead}    max_gpu: 4\n${sweepText({ topologies: '' })}`
        const found = await problems(text)
        assert.ok(found[0]?.startsWith(`${lead.split('\n').length}:5: unknown key "max_gpu"`), found.join('\n'))
      }),
    )
  })

  test('a value that came through an alias or a merge is placed where it is written', async () => {
    const text = `x: &base\n  a: 1\n${sweepText({ slo: '{ <<: *base }' })}`
    const found = await problems(text)
    assert.ok(
      found.some(line => /^2:3: unknown key "a" in slo/.test(line)),
      found.join('\n'),
    )
  })
})

test('file names and values of any kind stay on one line', async () => {
  const found = await problems(sweepText({ model: '"a\\nb"', workloads: '"x\\ny"' }), filesOf({}))
  for (const line of found) assert.match(line, wellFormed)
})
