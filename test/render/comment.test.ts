// Test part: unit

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compareRuns } from '../../src/analysis/compare/compare.ts'
import type { FrontierGain } from '../../src/analysis/compare/frontier-gain.ts'
import { parseThreshold } from '../../src/analysis/compare/threshold.ts'
import { frontierOf } from '../../src/analysis/frontier.ts'
import { type CommentInput, commentBody, commentMarker } from '../../src/render/markdown/comment.ts'
import { comparisonMarkdown, markdownLimit } from '../../src/render/markdown/comparison.ts'
import { statusText, verdictText } from '../../src/render/views/comparison-words.ts'
import { frontierLines } from '../../src/render/views/frontier-lines.ts'
import { noisyRun } from './noisy-run.ts'
import { aggregated, disaggregated } from './synthetic-run.ts'

const options = { topologies: [aggregated(2), disaggregated(1, 1)], concurrencies: [1, 4, 16], repeats: 3 }
const base = noisyRun(options, { seed: 1, noise: 0.06 })
const head = noisyRun(options, { seed: 2, noise: 0.06 })
const loud = compareRuns(base, head)

const parts: CommentInput = {
  comparison: comparisonMarkdown(loud),
  key: 'nightly',
  base: { sweep: 'nightly', run: 'one', git: { revision: 'a'.repeat(40), dirty: false } },
  head: { sweep: 'nightly', run: 'two', git: { revision: 'b'.repeat(40), dirty: true } },
  commits: 'https://github.com/owner/name/commit/',
  links: [['Report', 'https://github.com/owner/name/actions/runs/1/artifacts/2']],
}

describe('the body of a comment', () => {
  test('begins with a hidden marker, then headline, revisions and links', () => {
    const [marker, headline, facts] = (commentBody(parts) ?? '').split('\n\n')
    assert.equal(marker, '<!-- fulcrum:comment:nightly -->')
    assert.equal(headline, `## Fulcrum: ${statusText(loud)}`)
    assert.equal(
      facts,
      `Base [\`aaaaaaaaaaaa\`](https://github.com/owner/name/commit/${'a'.repeat(40)}) · head [\`bbbbbbbbbbbb\`](https://github.com/owner/name/commit/${'b'.repeat(40)}) with uncommitted changes · [Report](https://github.com/owner/name/actions/runs/1/artifacts/2)`,
    )
  })

  test('says all that the comparison says', () => {
    const body = commentBody(parts) ?? ''
    for (const block of parts.comparison.split('\n\n')) assert.ok(body.includes(block))
  })

  test('names runs where there are no revisions', () => {
    const body = commentBody({ ...parts, base: { ...parts.base, git: null }, commits: null }) ?? ''
    assert.match(body, /\n\nBase run `one` · head `bbbbbbbbbbbb` with uncommitted changes · /)
  })

  test('is refused where GitHub would refuse it', () => {
    assert.equal(commentBody({ ...parts, comparison: 'x'.repeat(markdownLimit) }), null)
  })

  test('has a marker without anything that a shell, jq or HTML reads, whatever the key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), key =>
        assert.match(commentMarker(key), /^<!-- fulcrum:comment:[\w.]+(-[\w.]+)*-? -->$/),
      ),
    )
    assert.notEqual(commentMarker('nightly'), commentMarker('weekly'))
  })
})

describe('the words of a comment', () => {
  test('say how many repeats would decide what is undecided', () => {
    assert.match(parts.comparison, /⚠️ Undecided: \d+ figures/)
    assert.match(parts.comparison, /⚠️ undecided: about \d+ repeats in each run would show a change of 5%/)
    for (const change of loud.points.flatMap(({ changes }) => changes))
      assert.match(verdictText(change), /^(🔴 slower|🟢 faster|⚪ no difference shown|⚫ not comparable|⚠️ undecided: )/)
  })

  test('explain their marks once', () => {
    assert.equal(parts.comparison.match(/🟢 faster · 🔴 slower · ⚪ no difference shown · ⚠️ undecided/g)?.length, 1)
  })

  test('call the hypervolume by the name that the flag has', () => {
    assert.match(parts.comparison, /Hypervolume of the matched points: /)
  })

  test('head it with the gates, or with the verdict where there are none', () => {
    const quiet = noisyRun(options, { seed: 3, noise: 0.001 })
    const slow = noisyRun(options, { seed: 4, noise: 0.001, slower: () => 1.3 })
    const status = (one: typeof base, other: typeof base, gates: readonly string[] = []) =>
      statusText(
        compareRuns(
          one,
          other,
          gates.map(text => parseThreshold(text)),
        ),
      )
    assert.equal(status(quiet, slow), '🔴 slower')
    assert.equal(status(slow, quiet), '🟢 faster')
    assert.equal(status(quiet, quiet), '⚪ no difference shown')
    assert.equal(status(base, head), '⚠️ undecided')
    assert.equal(status(quiet, slow, ['itl_p95>5%']), '❌ failed')
    assert.equal(status(quiet, slow, ['itl_p95>50%']), '✅ passed')
    assert.equal(status(quiet, { ...slow, results: [] }, ['itl_p95>50%']), '⚠️ not tested')
  })
})

describe('the lines of two frontiers', () => {
  const places = fc.array(
    fc.record({
      x: fc.double({ min: 0.1, max: 500, noNaN: true }),
      y: fc.double({ min: 0.1, max: 5000, noNaN: true }),
    }),
    { maxLength: 8 },
  )
  const gainOf = (one: { x: number; y: number }[], other: { x: number; y: number }[]): FrontierGain => ({
    workload: 'w',
    base: frontierOf(one),
    head: frontierOf(other),
    hypervolume: { base: 1, head: 1, relative: 0 },
    atEqualInteractivity: [],
    atEqualThroughput: [],
  })

  test('never go where a frontier does not reach, and have only throughput that lies between measured points', () => {
    fc.assert(
      fc.property(places, places, (one, other) => {
        const gain = gainOf(one, other)
        const lines = frontierLines(gain)
        if (lines === null) return
        for (const [line, frontier] of [
          [lines.base, gain.base],
          [lines.head, gain.head],
        ] as const) {
          const end = Math.max(...frontier.map(({ x }) => x))
          const ys = frontier.map(({ y }) => y)
          assert.equal(line.length, lines.steps.length)
          for (const step of lines.steps) assert.ok(step <= end)
          for (const y of line) assert.ok(y >= Math.min(...ys) * (1 - 1e-9) && y <= Math.max(...ys) * (1 + 1e-9))
        }
      }),
    )
  })

  test('are drawn wherever both frontiers have a range in common', () => {
    fc.assert(
      fc.property(places, places, (one, other) => {
        const { base, head } = gainOf(one, other)
        fc.pre(base.length > 0 && head.length > 0)
        const most = Math.min(Math.max(...base.map(({ x }) => x)), Math.max(...head.map(({ x }) => x)))
        const least = Math.min(...[...base, ...head].map(({ x }) => x))
        assert.equal(frontierLines(gainOf(one, other)) !== null, most > least)
      }),
    )
  })

  test('end where the first one does, and say which goes on', () => {
    const lines = frontierLines(
      gainOf(
        [
          { x: 10, y: 100 },
          { x: 50, y: 20 },
        ],
        [
          { x: 10, y: 90 },
          { x: 30, y: 60 },
        ],
      ),
    )
    assert.equal(lines?.steps.at(-1), 30)
    assert.equal(lines?.further, 'base')
    assert.deepEqual([lines?.base.at(-1), lines?.head.at(-1)], [60, 60])
  })
})
