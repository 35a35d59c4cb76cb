// Test part: unit
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compareRuns } from '../../src/analysis/compare/compare.ts'
import { parseThreshold } from '../../src/analysis/compare/threshold.ts'
import { type FigureGate, isAbsolute, parseGate } from '../../src/analysis/gates/gate.ts'
import { limitOutcome } from '../../src/analysis/gates/limit.ts'
import { historyGate, parseHistoryThreshold } from '../../src/analysis/history/gate.ts'
import { historyOf } from '../../src/analysis/history/history.ts'
import { overlayOf } from '../../src/analysis/overlay/overlay.ts'
import type { PointResult } from '../../src/journal/event.ts'
import type { Run } from '../../src/journal/run.ts'
import { createRandom, type Role } from '../../src/model/index.ts'
import { comparisonJunit } from '../../src/render/export/comparison-junit.ts'
import { modelOf } from '../../src/render/page/overlay/model.ts'
import { select } from '../../src/render/page/overlay/selection.ts'
import { overlayData } from '../../src/render/views/overlay.ts'
import { euros, runWith, type Site } from '../render/gpu-run.ts'
import { aggregated, disaggregated } from '../render/synthetic-run.ts'

const energy = 'energy_per_output_token'
const cost = 'cost_per_million_output_tokens'
const options = { topologies: [aggregated(2), disaggregated(1, 1)], concurrencies: [1, 4, 16], repeats: 3 }
type Watts = NonNullable<Site['watts']>

/** GPUs of about 500 W, whose power varies by 1% between repeats. */
function drawing(seed: string, times: (role: Role, result: PointResult) => number | null = () => 1): Watts {
  const random = createRandom(seed)
  return (role, result) => {
    const drawn = 500 * Math.exp(0.01 * random.normal())
    const factor = times(role, result)
    return factor === null ? null : drawn * factor
  }
}
const run = (seed: string, times?: (role: Role, result: PointResult) => number | null, site: Site = {}) =>
  runWith({ watts: drawing(seed, times), ...site }, options)

const isAt = ({ point }: PointResult, concurrency: number) =>
  point.load.level.kind === 'concurrency' && point.load.level.concurrency === concurrency

/** The outcome of each gate. */
function gated(base: Run, head: Run, ...texts: readonly string[]) {
  const comparison = compareRuns(
    base,
    head,
    texts.map(text => parseGate(text, parseThreshold)),
  )
  return { comparison, outcomes: comparison.gates.map(({ outcome, reason }) => ({ outcome, reason })) }
}

describe('a gate of compare on energy', () => {
  test('catches GPUs that draw a tenth more for the same tokens, and passes latency', () => {
    const { comparison, outcomes } = gated(
      run('base'),
      run('head', () => 1.1),
      `${energy}>5%`,
      'ttft_p95>5%',
    )
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ['failed', 'passed'],
    )
    const worse = comparison.points.flatMap(({ changes }) =>
      changes.filter(({ figure }) => figure.name === 'energy_per_output_token_j'),
    )
    assert.deepEqual(
      worse.map(({ verdict }) => verdict),
      Array(6).fill('slower'),
    )
    for (const { relative } of worse) assert.ok(Math.abs((relative ?? 0) - 0.1) < 0.05, `${relative}`)
  })

  test('passes where nothing but noise changed, and where energy fell', () => {
    assert.equal(gated(run('base'), run('again'), `${energy}>5%`).outcomes[0]?.outcome, 'passed')
    assert.equal(
      gated(
        run('base'),
        run('less', () => 0.8),
        `${energy}>5%`,
      ).outcomes[0]?.outcome,
      'passed',
    )
  })

  test('is not tested where the head lost the energy of a point, with how many', () => {
    const head = run('head', (_, result) => (isAt(result, 4) ? null : 1))
    const { comparison, outcomes } = gated(run('base'), head, `${energy}>5%`, 'ttft_p95>5%')
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ['not tested', 'passed'],
    )
    assert.match(outcomes[0]?.reason ?? '', /2 (of 6 )?points/)
    const empty = comparison.points.flatMap(({ changes }) =>
      changes.filter(({ figure, why }) => figure.name === 'energy_per_output_token_j' && /in head/.test(why)),
    )
    assert.deepEqual(
      empty.map(({ verdict, head: values }) => [verdict, values]),
      Array(2).fill(['not comparable', null]),
    )
  })

  test('is not tested where one side or both know no energy at all', () => {
    const [metered, blind] = [run('metered'), run('blind', () => null)]
    for (const [base, head] of [
      [metered, blind],
      [blind, metered],
      [blind, blind],
    ] as const) {
      const { comparison, outcomes } = gated(base, head, `${energy}>5%`)
      assert.equal(outcomes[0]?.outcome, 'not tested')
      assert.notEqual(outcomes[0]?.reason, '')
      assert.doesNotMatch(comparisonJunit(comparison), /<failure/)
    }
    assert.match(comparisonJunit(gated(metered, blind, `${energy}>5%`).comparison), /<error/)
  })

  test('still fails where one point burns more and another lost its figure', () => {
    const head = run('head', (_, result) => (isAt(result, 4) ? null : 1.2))
    const [one] = gated(run('base'), head, `${energy}>5%`).outcomes
    assert.equal(one?.outcome, 'failed')
    assert.match(one?.reason ?? '', /not tested elsewhere/)
  })

  test('on tokens/s per MW fails on the same regression, from the other side', () => {
    assert.equal(
      gated(
        run('base'),
        run('head', () => 1.1),
        'output_tokens_per_s_per_mw<-5%',
      ).outcomes[0]?.outcome,
      'failed',
    )
  })

  test('on cost counts energy where a kWh has a price, and only there', () => {
    const burning = () => 1.5
    const priced = (perKwh: number | null) => ({ price: { ...euros, perKwh } })
    const outcomeAt = (perKwh: number | null) =>
      gated(run('base', undefined, priced(perKwh)), run('head', burning, priced(perKwh)), `${cost}>5%`).outcomes[0]
        ?.outcome
    assert.equal(outcomeAt(5), 'failed')
    assert.equal(outcomeAt(null), 'passed')
  })

  test('names the source of the energy where it differs', () => {
    const head = run('head', undefined, { more: () => ({ energyFrom: 'samples' }) })
    const { comparison } = gated(run('base'), head)
    assert.deepEqual(
      comparison.differences.filter(({ what }) => what === 'energy source'),
      [{ what: 'energy source', kind: 'subject', base: 'nvml counter', head: 'nvml samples' }],
    )
    assert.ok(gated(run('base'), run('again')).comparison.differences.every(({ what }) => what !== 'energy source'))
  })
})

describe('a limit on energy', () => {
  const outcomeOf = (text: string, of: Run) => {
    const gate = parseGate(text, null)
    assert.ok(isAbsolute(gate))
    return limitOutcome(gate, of, { allowance: { lost: 0 }, runName: 'the run' })
  }
  /** J per output token at each point: 500 W for each role over the tokens/s. */
  const most = Math.max(
    ...run('limit').results.map(({ measurement }) => {
      const { gpus, totals } = measurement ?? assert.fail('not measured')
      return (gpus?.energyJ ?? 0) / (totals.outputTokens ?? 0)
    }),
  )

  test('fails with the worst point and its value, and passes above it', () => {
    const { outcome, reason } = outcomeOf(`${energy}>${(most / 2).toFixed(3)}J`, run('limit'))
    assert.equal(outcome, 'failed')
    assert.match(reason, /worst at .*concurrency 1: [\d.]+ J/)
    assert.equal(outcomeOf(`${energy}>${(2 * most).toFixed(3)}J`, run('limit')).outcome, 'passed')
  })

  test('is not tested where one point has no energy, however small the others’ are', () => {
    const blindAt4 = run('limit', (_, result) => (isAt(result, 4) ? null : 1))
    const { outcome, reason } = outcomeOf(`${energy}>${(2 * most).toFixed(3)}J`, blindAt4)
    assert.equal(outcome, 'not tested')
    assert.match(reason, /Energy per output token was not measured at 2 of 6 points/)
  })

  describe('of a role', () => {
    const decode = 'decode_energy_per_output_token'
    test('is tested where the role exists, and says on how many points it rests', () => {
      const { outcome, reason } = outcomeOf(`${decode}>1000J`, run('limit'))
      assert.equal(outcome, 'passed')
      assert.match(reason, /within the limit at 3 of 3 points with decode workers/)
      const beyond = outcomeOf(`${decode}>0.0001J`, run('limit'))
      assert.equal(beyond.outcome, 'failed')
      assert.match(beyond.reason, /beyond the limit at 3 of 3 points with decode workers/)
    })
    test('is not tested where a deployment that has it lacks the figure', () => {
      const blindAt4 = run('limit', (role, result) => (role === 'decode' && isAt(result, 4) ? null : 1))
      const { outcome, reason } = outcomeOf(`${decode}>1000J`, blindAt4)
      assert.equal(outcome, 'not tested')
      assert.match(reason, /Decode energy per output token was not measured at 1 of 3 points with decode workers/)
    })
    test('is not tested where no deployment has it', () => {
      const alone = runWith({ watts: drawing('alone') }, { ...options, topologies: [aggregated(2)] })
      const { outcome, reason } = outcomeOf(`${decode}>1000J`, alone)
      assert.equal(outcome, 'not tested')
      assert.match(reason, /no point has decode workers/)
    })
    test('also on throughput of its GPUs', () => {
      assert.equal(outcomeOf('output_tokens_per_s_per_decode_gpu<0.1tokens/s/GPU', run('limit')).outcome, 'passed')
    })
  })

  test('of compare is tested on the head alone', () => {
    const limit = `${energy}>${(1.5 * most).toFixed(3)}J`
    const [double, blind] = [() => 2, () => null]
    const outcomeBetween = (base: Run, head: Run) => gated(base, head, limit).outcomes[0]?.outcome
    assert.equal(outcomeBetween(run('base', double), run('head')), 'passed')
    assert.equal(outcomeBetween(run('base'), run('head', double)), 'failed')
    assert.equal(outcomeBetween(run('base'), run('head', blind)), 'not tested')
  })
})

describe('history, of energy and cost', () => {
  /** Nights of which those from the eighth on draw other power. */
  const nights = (later: (role: Role, result: PointResult) => number | null, site: Site = {}) =>
    Array.from({ length: 12 }, (_, night): Run => {
      const one = run(`night ${night}`, night < 7 ? () => 1 : later, site)
      const createdAt = new Date(Date.UTC(2026, 0, night + 1)).toISOString()
      return { ...one, manifest: { ...one.manifest, runId: `night-${night + 1}`, createdAt } }
    })
  const outcomeOf = (runs: readonly Run[], text: string, parse: (text: string) => FigureGate = parseHistoryThreshold) =>
    historyGate(historyOf('nightly', runs, null), [parse(text)], { runs, dead: [] })[0]

  test('finds the night from which tokens took more energy, and breaks the gate since then', () => {
    const runs = nights(() => 1.2)
    const gate = outcomeOf(runs, `${energy}>5%`)
    assert.equal(gate?.outcome, 'failed')
    for (const { since, relative } of gate?.broken ?? []) {
      assert.equal(since, 7)
      assert.ok(Math.abs(relative - 0.2) < 0.03, `${relative}`)
    }
    assert.equal(outcomeOf(runs, 'output_tokens_per_s_per_mw<-5%')?.outcome, 'failed')
    assert.equal(outcomeOf(runs, 'ttft_p95>5%')?.outcome, 'passed')
  })

  test('passes without a change, and follows cost where there is a price', () => {
    const runs = nights(() => 1)
    for (const text of [`${energy}>5%`, `${cost}>5%`]) assert.equal(outcomeOf(runs, text)?.outcome, 'passed', text)
  })

  test('does not pass a gate on energy that the newest night did not measure', () => {
    const runs = nights(() => 1)
    const last = runs.at(-1) ?? assert.fail('no night')
    const blind = { ...run('blind', () => null), manifest: last.manifest }
    const gate = outcomeOf([...runs.slice(0, -1), blind], `${energy}>5%`)
    assert.equal(gate?.outcome, 'not tested')
    assert.match(gate?.reason ?? '', /the newest run has no Energy per output token/)
  })

  test('does not pass a gate on figures that no night measured', () => {
    const runs = nights(() => null, { price: null, watts: () => null })
    for (const text of [`${energy}>5%`, `${cost}>5%`]) assert.equal(outcomeOf(runs, text)?.outcome, 'not tested', text)
  })

  test('holds a limit on energy against the newest night', () => {
    const limit = (text: string) => parseGate(text, null)
    const runs = nights(() => 1.2)
    assert.equal(outcomeOf(runs, `${energy}>0.001J`, limit)?.outcome, 'failed')
    assert.equal(outcomeOf(runs, `${energy}>1000J`, limit)?.outcome, 'passed')
  })
})

describe('energy and cost as axes of a frontier', () => {
  const choice = { logX: false, logY: false, hidden: [], workloads: null, facets: {} }
  const user = 'output_tokens_per_s_per_user'
  const metered = runWith({ watts: () => 500 }, { ...options, repeats: 1, slo: {} })
  const blind = runWith({ price: null, watts: () => null }, { ...options, repeats: 1, slo: {} })
  const model = (...runs: readonly Run[]) =>
    modelOf(overlayData(overlayOf(runs.map((one, i) => ({ label: `run ${i + 1}`, run: one })))))

  for (const name of ['energy_per_output_token_j', cost, 'output_tokens_per_s_per_mw'])
    test(`${name}: no point of the frontier is beaten in both figures, every other one is`, () => {
      const of = model(metered)
      const lower = name !== 'output_tokens_per_s_per_mw'
      const { groups, placed } = select(of, { ...choice, x: user, y: name })
      const at = (i: number) => {
        const [x, y] = [of.figures.get(user)?.[i], of.figures.get(name)?.[i]]
        return { x: x ?? Number.NaN, y: (lower ? -1 : 1) * (y ?? Number.NaN) }
      }
      const frontier = groups.flatMap(group => group.frontier)
      assert.ok(frontier.length > 1 && placed.length === 6)
      const isBeaten = (i: number) =>
        placed.some(other => {
          const [own, rival] = [at(i), at(other)]
          return rival.x >= own.x && rival.y >= own.y && (rival.x > own.x || rival.y > own.y)
        })
      assert.deepEqual(placed.filter(i => !isBeaten(i)).toSorted(), [...frontier].toSorted())
    })

  test('leave out a run that has no such figure, and offer no axis that no run has', () => {
    const of = model(metered, blind)
    const { placed } = select(of, { ...choice, x: user, y: 'energy_per_output_token_j' })
    assert.deepEqual([...new Set(placed.map(i => of.run[i]))], [0])
    const axes = overlayOf([{ label: 'blind', run: blind }]).axes.filter(({ name }) => /energy|cost|per_mw/.test(name))
    assert.ok(axes.length >= 3)
    for (const { name, available } of axes) assert.equal(available, false, name)
  })
})
