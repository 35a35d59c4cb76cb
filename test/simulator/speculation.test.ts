import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { modelledEngine } from '../../src/analysis/twin/fit-point.ts'
import { createRandom, type EngineSettings } from '../../src/model/index.ts'
import { costModel } from '../../src/simulator/cost.ts'
import { createDrafts } from '../../src/simulator/drafts.ts'
import { createEngine, type Engine } from '../../src/simulator/engine.ts'
import { type EngineRequest, engineRequest } from '../../src/simulator/request.ts'
import { guessedShare, wordsIn } from '../../src/simulator/server/prompt-lookup.ts'
import { settingsProblems, workerSettings } from '../../src/simulator/settings.ts'
import { profile } from './profile-under-test.ts'

const cost = costModel(profile, workerSettings('decode', {}, profile))
const mtp = (layers: number) => ({ speculative_config: { decoding_type: 'MTP', num_nextn_predict_layers: layers } })

/** A deployment whose model accepts so much, in virtual time. */
function engineOf(
  settings: EngineSettings,
  acceptance: number | 'by-request',
  { disaggregated = false, workers = 1 } = {},
): Engine {
  const engine = createEngine({ profile, streamTokens: true, acceptance })
  for (let worker = 0; worker < workers; worker++) {
    if (disaggregated) for (const role of ['prefill', 'decode'] as const) engine.addWorker(role, settings, 0)
    else engine.addWorker('aggregated', settings, 0)
  }
  return engine
}

function play(engine: Engine, requests: readonly EngineRequest[]): void {
  const runUntil = (limitMs: number) => {
    while (engine.nextEventMs() <= limitMs && engine.nextEventMs() < Number.POSITIVE_INFINITY)
      engine.advanceTo(engine.nextEventMs())
  }
  for (const request of requests) {
    runUntil(request.arrivedMs)
    assert.equal(engine.submit(request), null)
  }
  runUntil(Number.POSITIVE_INFINITY)
}

interface Step {
  readonly atMs: number
  readonly tokens: number
}

/** Requests and the steps that each of them sees. */
function requestsOf(asked: readonly { isl: number; osl: number; atMs: number; acceptance?: number }[]) {
  return asked.map(({ isl, osl, atMs, acceptance }) => {
    const steps: Step[] = []
    const ends: number[] = []
    const request = engineRequest({
      promptTokens: isl,
      outputTokens: osl,
      arrivedMs: atMs,
      ...(acceptance === undefined ? {} : { acceptance }),
      onToken: (at, tokens) => steps.push({ atMs: at, tokens }),
      onFinish: ({ finishedMs }) => ends.push(finishedMs),
    })
    return { request, steps, ends }
  })
}

const draftsOf = (engine: Engine) => {
  const counts = engine.workers().flatMap(({ load }) => load.drafts ?? [])
  const sum = (of: (one: (typeof counts)[number]) => number) => counts.reduce((all, one) => all + of(one), 0)
  return {
    drafts: sum(one => one.drafts),
    draftTokens: sum(one => one.draftTokens),
    acceptedTokens: sum(one => one.acceptedTokens),
  }
}

describe('speculative decoding of the simulated engine', () => {
  test('brings as many tokens a step as Leviathan et al. expect of its acceptance', () => {
    for (const [acceptance, tokens] of [
      [0, 3],
      [0.3, 1],
      [0.6, 3],
      [0.85, 1],
      [0.9, 5],
    ] as const) {
      const engine = engineOf(mtp(tokens), acceptance)
      const asked = Array.from({ length: 40 }, (_, i) => ({ isl: 50, osl: 400, atMs: 10 * i }))
      play(
        engine,
        requestsOf(asked).map(({ request }) => request),
      )
      const { drafts, draftTokens, acceptedTokens } = draftsOf(engine)
      const expected = (1 - acceptance ** (tokens + 1)) / (1 - acceptance)
      // Seeded: the same figures each time. Four standard errors of a step's tokens, whose spread is below k / 2.
      const error = (4 * tokens) / 2 / Math.sqrt(drafts)
      assert.ok(drafts > 2000)
      assert.ok(Math.abs(1 + acceptedTokens / drafts - expected) <= error, `${acceptance} of ${tokens}`)
      assert.equal(draftTokens, drafts * tokens)
    }
  })

  test('accepts each position only after those before it', () => {
    const drafts = createDrafts(4, { acceptance: 0.7, random: createRandom(3) })
    for (let i = 0; i < 50; i++) {
      const request = engineRequest({ promptTokens: 1, outputTokens: 300, arrivedMs: 0 })
      request.steps = drafts.stepsOf(request)
      request.lastPass = request.steps.length
      for (let pass = 1; pass <= request.lastPass; pass++) drafts.advance(request, pass)
      assert.equal(request.generated, 300)
    }
    const { drafts: count, acceptedAt } = drafts.counts()
    for (const [place, accepted] of acceptedAt.entries())
      assert.ok(Math.abs(accepted / count - 0.7 ** (place + 1)) < 0.03, `${place}: ${accepted / count}`)
  })

  test('gives every request exactly its tokens, ends it once, and gives all back, whatever the settings', () => {
    const cases = fc.record({
      layers: fc.integer({ min: 1, max: 5 }),
      acceptance: fc.double({ min: 0, max: 1, noNaN: true }),
      disaggregated: fc.boolean(),
      workers: fc.integer({ min: 1, max: 2 }),
      batch: fc.integer({ min: 1, max: 8 }),
      budget: fc.integer({ min: 1, max: 300 }),
      asked: fc.array(
        fc.record({ isl: fc.integer({ min: 1, max: 300 }), osl: fc.integer({ min: 1, max: 60 }), atMs: fc.nat(300) }),
        { minLength: 1, maxLength: 25 },
      ),
    })
    fc.assert(
      fc.property(cases, ({ layers, acceptance, disaggregated, workers, batch, budget, asked }) => {
        const settings = { ...mtp(layers), max_batch_size: batch, max_num_tokens: budget }
        const engine = engineOf(settings, acceptance, { disaggregated, workers })
        const all = requestsOf(asked.toSorted((a, b) => a.atMs - b.atMs))
        play(
          engine,
          all.map(({ request }) => request),
        )
        for (const { request, steps, ends } of all) {
          assert.equal(
            steps.reduce((sum, { tokens }) => sum + tokens, 0),
            request.outputTokens,
          )
          assert.ok(steps.every(({ tokens }) => tokens >= 1 && tokens <= 1 + layers))
          assert.deepEqual([steps[0]?.tokens, ends.length], [1, 1])
          assert.deepEqual([steps[0]?.atMs, steps.at(-1)?.atMs], [request.firstTokenMs, request.finishedMs])
        }
        for (const { load } of engine.workers())
          assert.deepEqual([load.kvBlocksUsed, load.running, load.waiting], [0, 0, 0])
      }),
    )
  })

  test('of a request that is cancelled leaves the others as they were', () => {
    const engine = engineOf(mtp(3), 0.8)
    const [kept, dropped] = requestsOf([
      { isl: 100, osl: 80, atMs: 0 },
      { isl: 100, osl: 80, atMs: 0 },
    ])
    assert.ok(kept !== undefined && dropped !== undefined)
    for (const { request } of [kept, dropped]) assert.equal(engine.submit(request), null)
    while (dropped.steps.length < 5) engine.advanceTo(engine.nextEventMs())
    engine.cancel(dropped.request)
    while (engine.nextEventMs() < Number.POSITIVE_INFINITY) engine.advanceTo(engine.nextEventMs())
    assert.equal(
      kept.steps.reduce((sum, { tokens }) => sum + tokens, 0),
      80,
    )
    assert.deepEqual([dropped.steps.length, dropped.ends.length], [5, 0])
    assert.equal(engine.workers()[0]?.load.kvBlocksUsed, 0)
  })

  test('that is always right brings a whole draft each step, which takes a verification', () => {
    const [lone] = requestsOf([{ isl: 100, osl: 1 + 4 * 20, atMs: 0 }])
    assert.ok(lone !== undefined)
    play(engineOf(mtp(3), 1), [lone.request])
    assert.deepEqual(
      lone.steps.map(({ tokens }) => tokens),
      [1, ...Array.from({ length: 20 }, () => 4)],
    )
    for (const [i, { atMs }] of lone.steps.entries()) {
      const before = lone.steps[i - 1]
      if (before === undefined) continue
      const context = 100 + 1 + 4 * (i - 1)
      assert.ok(Math.abs(atMs - before.atMs - cost.verifyMs(1, context, 3)) < 1e-9)
    }
  })

  test('that is never right is slower than none', () => {
    const finishedMs = (settings: EngineSettings) => {
      const [lone] = requestsOf([{ isl: 100, osl: 50, atMs: 0 }])
      assert.ok(lone !== undefined)
      play(engineOf(settings, 0), [lone.request])
      assert.equal(lone.steps.length, 50)
      return lone.request.finishedMs
    }
    assert.ok(finishedMs(mtp(3)) > 1.05 * finishedMs({}))
  })

  test('costs more in a large batch, whose steps compute more than they read', () => {
    const share = (sequences: number) =>
      cost.verifyMs(sequences, 1000 * sequences, 3) / cost.decodeMs(sequences, 1000 * sequences)
    assert.ok(share(128) > 1.05 * share(1), `${share(1)} ${share(128)}`)
    assert.equal(cost.verifyMs(0, 0, 3), 0)
    assert.equal(cost.verifyMs(8, 4000, 0), cost.decodeMs(8, 4000))
  })

  test('takes a request’s own acceptance before that of the engine', () => {
    const engine = engineOf(mtp(1), 'by-request')
    const [sure, never] = requestsOf([
      { isl: 10, osl: 41, atMs: 0, acceptance: 1 },
      { isl: 10, osl: 41, atMs: 0, acceptance: 0 },
    ])
    assert.ok(sure !== undefined && never !== undefined)
    play(engine, [sure.request, never.request])
    assert.deepEqual([sure.steps.length, never.steps.length], [21, 41])
  })
})

describe('the settings of speculative decoding', () => {
  const wrong = (settings: EngineSettings, isAcceptanceKnown = true) =>
    settingsProblems('decode', settings, profile, isAcceptanceKnown).map(problem => problem.wrong)

  test('draft one token unless told otherwise, in whatever order they are written', () => {
    const drafted = (speculative_config: EngineSettings['x'] | null) =>
      workerSettings('decode', { speculative_config: speculative_config ?? null }, profile, true).draftTokens
    assert.equal(drafted({ decoding_type: 'MTP' }), 1)
    assert.equal(drafted({ num_nextn_predict_layers: 3, decoding_type: 'MTP' }), 3)
    assert.equal(drafted({ decoding_type: 'MTP', max_draft_len: 2 }), 2)
    assert.equal(drafted(null), 0)
  })

  test('are refused where nobody says how much is accepted', () => {
    assert.match(wrong(mtp(3), false)[0] ?? '', /the acceptance rate of the simulated model is not set/)
    assert.throws(() => createEngine({ profile }).addWorker('decode', mtp(1), 0), { code: 'engine-setting' })
    assert.deepEqual(wrong({ speculative_config: null }, false), [])
  })

  test('are refused where they are not modelled', () => {
    assert.match(wrong({ speculative_config: { decoding_type: 'Eagle' } })[0] ?? '', /must be MTP/)
    assert.match(wrong(mtp(17))[0] ?? '', /from 1 to 16/)
    assert.match(wrong({ speculative_config: true })[0] ?? '', /must be a map/)
    assert.match(wrong({ speculative_config: { typical_acceptance: 1 } })[0] ?? '', /is not modeled/)
    assert.deepEqual(wrong(mtp(3)), [])
  })
})

describe('what a lookup guesses of a prompt', () => {
  test('is nothing of random words or tokens, more of code, and all but the first time of what repeats', () => {
    const random = createRandom(7)
    const ids = Array.from({ length: 2000 }, () => random.integer(100_000))
    assert.ok(guessedShare(ids) < 0.01)
    const line = 'for (let i = 0; i < n; i++) sum += values[i]\n'
    const code = guessedShare(wordsIn(Array.from({ length: 6 }, (_, i) => line.replace('n', `n${i}`)).join('')))
    assert.ok(code > 0.4 && code < 1, String(code))
    assert.ok(guessedShare(wordsIn('one two three '.repeat(50))) > 0.95)
  })

  test('is a share, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        const share = guessedShare(wordsIn(text))
        assert.ok(share >= 0 && share <= 1)
      }),
    )
  })
})

test('a twin says that it lacks drafts, and predicts none', () => {
  const topology = { kind: 'aggregated', workers: 1 } as const
  const { engine, lacking } = modelledEngine(
    { topology, engine: { aggregated: { ...mtp(3), max_batch_size: 8 } } },
    profile,
  )
  assert.deepEqual(engine, { aggregated: { max_batch_size: 8 } })
  assert.deepEqual(lacking, [
    'aggregated.speculative_config.decoding_type',
    'aggregated.speculative_config.num_nextn_predict_layers',
  ])
})
