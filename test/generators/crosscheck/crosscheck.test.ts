import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { crosscheck } from '../../../src/generators/crosscheck/crosscheck.ts'
import {
  crosscheckFindings,
  crosscheckMarkdown,
  crosscheckRows,
  crosscheckText,
} from '../../../src/generators/crosscheck/format.ts'
import { meanInterval } from '../../../src/generators/crosscheck/interval.ts'
import { planTurns } from '../../../src/generators/crosscheck/turns.ts'
import type { LoadGenerator } from '../../../src/generators/generator.ts'
import { measurementOf } from '../../../src/generators/programs/measurement.ts'
import type { Row } from '../../../src/generators/programs/rows.ts'
import type { Point } from '../../../src/model/index.ts'
import { createRandom, FulcrumError } from '../../../src/model/index.ts'
import { endpointAt, programPoint } from '../programs/program-point.ts'

/** What a generator would see of a server with TTFT 50 ms and ITL 10 ms, and what it adds of its own. */
interface Manner {
  readonly ttftExtraMs?: number
  readonly itlExtraMs?: number
  readonly lateMs?: number
  readonly fails?: string
}

const seen: Point[] = []

function generatorThat(name: string, manner: Manner, jitter: (turn: number) => number = () => 0): LoadGenerator {
  let turn = 0
  return {
    measure: async point => {
      seen.push(point)
      if (manner.fails !== undefined) throw new FulcrumError('failed', 'x', manner.fails)
      const noise = jitter(turn++)
      const ttftMs = 50 + (manner.ttftExtraMs ?? 0) + noise
      const itlMs = 10 + (manner.itlExtraMs ?? 0)
      const rows = Array.from({ length: 10 }, (_, index): Row => {
        // One slot: the next request is due when the last is over.
        const scheduledMs = index * ((manner.lateMs ?? 0) + ttftMs + 7 * itlMs)
        const sentMs = scheduledMs + (manner.lateMs ?? 0)
        const firstTokenMs = sentMs + ttftMs
        const lastTokenMs = firstTokenMs + 7 * itlMs
        return {
          scheduledMs,
          sentMs,
          firstTokenMs,
          secondTokenMs: firstTokenMs + itlMs,
          lastTokenMs,
          doneMs: lastTokenMs,
          inputTokens: 128,
          outputTokens: 8,
          chunks: 8,
          firstChunkTokens: 1,
          failure: null,
        }
      })
      return measurementOf(
        { ...point, generator: name },
        {
          version: '1',
          rows,
          startedAtMs: 0,
          wallS: 1,
          knowsSchedule: manner.lateMs !== undefined,
          interChunkMs: new Float64Array(),
          tokenSource: 'usage',
          tokenCounts: { usage: 1, tokenizer: 0, chunks: 0, missing: 0, early: 0, impossible: 0, noPromptTokens: 0 },
          remarks: [],
          runFolder: '/',
          files: [],
        },
      )
    },
    close: async () => {},
  }
}

function check(manners: readonly [string, Manner][], rounds = 4, jitter?: (turn: number) => number) {
  return crosscheck({
    point: programPoint('built-in'),
    endpoint: endpointAt('http://127.0.0.1:1'),
    generators: manners.map(([name, manner]) => ({ name, generator: generatorThat(name, manner, jitter) })),
    rounds,
    signal: AbortSignal.timeout(10_000),
    folder: '/nowhere',
  })
}

const noisy = (turn: number) => [0.1, -0.1, 0.05, -0.05][turn % 4] ?? 0

describe('turns of a cross-check', () => {
  it('go forwards and backwards', () => {
    const order = planTurns(['a', 'b', 'c'], 2).map(turn => turn.generator)
    assert.deepEqual(order, ['a', 'b', 'c', 'c', 'b', 'a'])
  })

  it('put everyone at the same mean position over an even number of rounds', () => {
    const names = fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 6 })
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 5 }), (generators, half) => {
        const turns = planTurns(generators, 2 * half)
        const place = (name: string) =>
          turns.reduce((sum, turn, index) => sum + (turn.generator === name ? index : 0), 0)
        assert.equal(new Set(generators.map(place)).size, 1)
      }),
    )
  })
})

describe('an interval over rounds', () => {
  it('is Student’s: 3 values of standard error 1 have ± 4.303', () => {
    const interval = meanInterval([10 - Math.sqrt(3), 10, 10 + Math.sqrt(3)])
    assert.ok(Math.abs((interval?.half ?? 0) - 4.3027) < 0.001)
  })
  it('does not exist for a single value', () => {
    assert.deepEqual(meanInterval([5]), { mean: 5, half: null, count: 1 })
    assert.equal(meanInterval([]), null)
  })
})

describe('a cross-check', () => {
  it('shows no difference between generators that only differ by chance', async () => {
    const result = await check(
      [
        ['built-in', {}],
        ['genai-perf', {}],
      ],
      4,
      noisy,
    )
    assert.deepEqual(result.differences, [])
    assert.deepEqual(crosscheckFindings(result), ['No difference shown.'])
  })

  it('says who reads more, by how much, and that it is before the first token', async () => {
    const result = await check(
      [
        ['built-in', {}],
        ['aiperf', { ttftExtraMs: 12 }],
      ],
      4,
      noisy,
    )
    const ttft = result.differences.find(difference => difference.figure === 'ttftP50')
    assert.deepEqual([ttft?.generator, ttft?.against], ['aiperf', 'built-in'])
    assert.ok(Math.abs((ttft?.by.mean ?? 0) - 12) < 0.01)
    assert.match(ttft?.reason ?? '', /aiperf adds 12 ms before the first token/)
  })

  it('names lateness that the slower one admits', async () => {
    const result = await check(
      [
        ['built-in', {}],
        ['aiperf', { ttftExtraMs: 12, lateMs: 40 }],
      ],
      4,
      noisy,
    )
    assert.match(result.differences[0]?.reason ?? '', /aiperf sends late \(mean 40 ms/)
  })

  it('names chunks read late all along', async () => {
    const result = await check(
      [
        ['built-in', {}],
        ['genai-perf', { itlExtraMs: 3 }],
      ],
      4,
      noisy,
    )
    const itl = result.differences.find(difference => difference.figure === 'itlMean')
    assert.match(itl?.reason ?? '', /genai-perf reads every chunk of an answer late/)
  })

  it('goes on when one fails, and says why it did', async () => {
    const result = await check(
      [
        ['built-in', {}],
        ['genai-perf', { fails: 'HTTP 500' }],
        ['aiperf', {}],
      ],
      2,
    )
    assert.equal(result.turns.length, 6)
    assert.equal(result.readings.find(one => one.generator === 'genai-perf' && one.figure === 'ttftMean')?.value, null)
    assert.match(crosscheckFindings(result)[0] ?? '', /genai-perf failed in round 1: HTTP 500/)
    assert.deepEqual(result.notTested, [{ generator: 'genai-perf', reason: 'failed in 2 of 2 rounds: HTTP 500' }])
    assert.equal(crosscheckFindings(result).at(-1), 'No difference shown among the others.')
  })

  it('says of two of which one is missing that nothing was tested, and not that no difference is shown', async () => {
    const result = await check([
      ['built-in', {}],
      ['aiperf', { fails: 'aiperf was not found' }],
    ])
    assert.equal(result.comparisons, 0)
    assert.equal(result.notTested.length, 1)
    const findings = crosscheckFindings(result)
    assert.equal(findings.at(-1), 'not tested: aiperf failed in 4 of 4 rounds: aiperf was not found.')
    assert.doesNotMatch(findings.join('\n'), /No difference/)
  })

  it('has nothing untested when every generator gave what was asked', async () => {
    const result = await check([
      ['built-in', {}],
      ['aiperf', {}],
    ])
    assert.deepEqual(result.notTested, [])
  })

  it('calls hardly anything different by chance, however many comparisons it makes', async () => {
    const random = createRandom(7)
    let called = 0
    for (let repeat = 0; repeat < 40; repeat++) {
      const result = await check(
        [
          ['built-in', {}],
          ['genai-perf', {}],
          ['aiperf', {}],
        ],
        4,
        () => 2 * random.normal(),
      )
      assert.equal(result.comparisons, 27)
      if (result.differences.length > 0) called += 1
    }
    // Without a true difference the rate is the chance of any call at all: 5 %, so 2 of 40 are expected.
    assert.ok(called <= 6, `${called} of 40 cross-checks called something different`)
  })

  it('claims nothing from a single round', async () => {
    const result = await check(
      [
        ['built-in', {}],
        ['aiperf', { ttftExtraMs: 500 }],
      ],
      1,
    )
    assert.deepEqual(result.differences, [])
    assert.match(crosscheckFindings(result)[0] ?? '', /^not tested: .*no difference can be shown/)
  })

  it('gives each round prompts of its own', async () => {
    seen.length = 0
    await check(
      [
        ['built-in', {}],
        ['aiperf', {}],
      ],
      2,
    )
    assert.deepEqual(
      seen.map(point => point.load.seed),
      [101, 101, 102, 102],
    )
    assert.equal(new Set(seen.map(point => point.id)).size, 4)
  })

  it('takes two at least', async () => {
    await assert.rejects(check([['built-in', {}]]), { code: 'crosscheck-needs-two' })
  })

  it('sets each against the server’s own record where there is one', async () => {
    const result = await crosscheck({
      point: programPoint('built-in'),
      endpoint: endpointAt('http://127.0.0.1:1'),
      generators: [
        { name: 'built-in', generator: generatorThat('built-in', {}, noisy) },
        { name: 'aiperf', generator: generatorThat('aiperf', { ttftExtraMs: 7 }, noisy) },
      ],
      rounds: 2,
      signal: AbortSignal.timeout(10_000),
      folder: '/nowhere',
      witness: { reset: async () => {}, truth: async () => ({ ttftMean: 50 }) },
    })
    const error = result.readings.find(one => one.generator === 'aiperf' && one.figure === 'ttftMean')?.error
    assert.ok(Math.abs((error?.mean ?? 0) - 7) < 0.2)
    assert.deepEqual(crosscheckRows(result)[0], ['', 'built-in', 'error', 'aiperf', 'error'])
  })
})

describe('the table of a cross-check', () => {
  it('is rectangular, and a Markdown table of the same cells', async () => {
    const result = await check([
      ['built-in', {}],
      ['aiperf', { ttftExtraMs: 12 }],
    ])
    const rows = crosscheckRows(result)
    assert.equal(new Set(rows.map(row => row.length)).size, 1)
    const table = crosscheckMarkdown(result)
      .split('\n')
      .filter(line => line.startsWith('|'))
    assert.equal(table.length, rows.length + 1)
    assert.match(crosscheckText(result), /TTFT mean \(ms\) +50\.00 ± 0\.00 +62\.00 ± 0\.00/)
  })
})
