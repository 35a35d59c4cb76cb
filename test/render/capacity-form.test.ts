// Test part: unit

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { analyse } from '../../src/analysis/analyse.ts'
import { dayShapes } from '../../src/analysis/capacity/day-shape.ts'
import { planCapacity } from '../../src/analysis/capacity/plan.ts'
import { planningTwin } from '../../src/analysis/capacity/planning-twin.ts'
import { capacityPoint } from '../../src/analysis/capacity/point.ts'
import type { CapacityQuestion } from '../../src/analysis/capacity/question.ts'
import type { Twin } from '../../src/analysis/twin/index.ts'
import { neutralParameters } from '../../src/analysis/twin/parameters.ts'
import { plainTwin } from '../../src/analysis/twin/plain.ts'
import { rangeOf } from '../../src/analysis/twin/range.ts'
import { askedByFlags, type CapacityFlags } from '../../src/commands/capacity/flags.ts'
import { questionOf } from '../../src/commands/capacity/question.ts'
import { meanTokens } from '../../src/model/index.ts'
import { loadPageModule } from '../../src/render/html/page-module.ts'
import { capacityCsv } from '../../src/render/page/capacity/csv.ts'
import {
  type CapacityForm,
  commandOfForm,
  flagsOfForm,
  formOf,
  givenDay,
  questionOfForm,
} from '../../src/render/page/capacity/form.ts'
import { planned } from '../../src/render/views/capacity-planner.ts'
import { loadProfile } from '../../src/simulator/profile.ts'
import { virtualRun } from '../analysis/tune/virtual-run.ts'
import { parseCsv } from './parse-csv.ts'
import { disaggregated, syntheticRun } from './synthetic-run.ts'

const analysis = analyse(syntheticRun({ concurrencies: [1, 4, 16, 64] }))
const { points } = analysis
const workloads = new Map(
  analysis.workloads.map(({ name, workload: { isl, osl } }) => [name, { isl: meanTokens(isl), osl: meanTokens(osl) }]),
)
const run = { folder: '/nowhere', sweep: 'synthetic', runId: 'one' }
const ground = { points, run, twin: null }

const positive = fc.double({ min: 1e-3, max: 1e5, noNaN: true })
const kinds = [...workloads].map(([name, lengths]) => ({ name, ...lengths }))

const plain = { noNullPrototype: true }

const questions: fc.Arbitrary<CapacityQuestion> = fc
  .record({
    demand: fc.oneof(
      fc.record({ kind: fc.constantFrom('peak' as const, 'mean' as const), requestsPerS: positive }, plain),
      fc.record(
        {
          kind: fc.constant('users' as const),
          users: fc.integer({ min: 1, max: 1e6 }),
          thinkS: fc.double({ min: 0, max: 1000, noNaN: true }),
        },
        plain,
      ),
    ),
    weights: fc.tuple(...kinds.map(() => positive)),
    day: fc.constantFrom(...Object.values(dayShapes)),
    growthPerMonth: fc.double({ min: -0.5, max: 1, noNaN: true }),
    months: fc.integer({ min: 0, max: 12 }),
    slo: fc.record(
      { ttftP95Ms: positive, itlP95Ms: positive, requestLatencyP95Ms: positive },
      { ...plain, requiredKeys: ['ttftP95Ms'] },
    ),
    gpusPerNode: fc.integer({ min: 1, max: 16 }),
    nodes: fc.option(fc.integer({ min: 1, max: 1000 })),
    price: fc.option(positive),
    nodesLost: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ demand, weights, day, growthPerMonth, months, slo, gpusPerNode, nodes, price, nodesLost }) => {
    const all = weights.reduce((sum, weight) => sum + weight, 0)
    const mix = kinds.map((kind, i) => ({ ...kind, share: (weights[i] ?? 0) / all }))
    return {
      traffic: { demand, mix, day, growthPerMonth, months },
      slo,
      fleet: { gpusPerNode, nodes, gpuPricePerHour: price, currency: price === null ? null : 'EUR', nodesLost },
    }
  })

const camel = (flag: string) => flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

/** The question that `fulcrum capacity` makes of flags. */
function askedOnTheCommandLine(flags: readonly (readonly [string, string])[]): CapacityQuestion {
  const asked = askedByFlags(Object.fromEntries(flags.map(([flag, text]) => [camel(flag), text])) as CapacityFlags)
  return questionOf(asked, analysis.workloads, null)
}

const base: CapacityQuestion = {
  traffic: {
    demand: { kind: 'peak', requestsPerS: 20 },
    mix: kinds.map(kind => ({ ...kind, share: 1 / kinds.length })),
    day: dayShapes.flat,
    growthPerMonth: 0,
    months: 0,
  },
  slo: { ttftP95Ms: 2000, itlP95Ms: 25 },
  fleet: { gpusPerNode: 8, nodes: null, gpuPricePerHour: 3, currency: 'EUR', nodesLost: 1 },
}

describe('the form of the capacity page', () => {
  test('asks what it was made of', () => {
    fc.assert(
      fc.property(questions, question => {
        const asked = questionOfForm(formOf(question), question)
        assert.deepEqual(asked, { question })
      }),
    )
  })

  test('asks on another question’s page what its own text says', () => {
    fc.assert(
      fc.property(questions, question => {
        const asked = questionOfForm(formOf(question), base)
        assert.ok('question' in asked)
        assert.deepEqual(asked.question.slo, question.slo)
        assert.deepEqual(asked.question.fleet, question.fleet)
        assert.deepEqual(asked.question.traffic.demand, question.traffic.demand)
      }),
    )
  })

  test('has a command that asks the same', () => {
    fc.assert(
      fc.property(questions, fc.array(fc.nat(20), { minLength: 2, maxLength: 2 }), (question, weights) => {
        fc.pre(weights.some(weight => weight > 0))
        const form = { ...formOf(question), mix: kinds.map((_, i) => weights[i] ?? 0).join(' ') }
        const asked = questionOfForm(form, base)
        const flags = flagsOfForm(form, base, workloads)
        assert.ok('question' in asked && flags !== null)
        assert.deepEqual(askedOnTheCommandLine(flags), asked.question)
      }),
    )
  })

  test('takes in a field what its flag takes, and nothing else', () => {
    const fields: readonly (readonly [keyof CapacityForm, string])[] = [
      ['amount', 'rps'],
      ['months', 'months'],
      ['growth', 'growth'],
      ['slo-itl-p95', 'slo-itl-p95'],
      ['gpus-per-node', 'gpus-per-node'],
      ['nodes', 'nodes'],
      ['price', 'price'],
      ['currency', 'currency'],
      ['nodes-lost', 'nodes-lost'],
    ]
    const texts = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.double({ min: -200, max: 2000, noNaN: true }).map(String),
      fc.integer({ min: -2, max: 200 }).map(String),
      fc.constantFrom('1e3', '0x10', 'Infinity', 'NaN', '5%', '1,000', '.5', '5.', '+3', 'eur', 'XXX', 'QQQ'),
    )
    fc.assert(
      fc.property(fc.constantFrom(...fields), texts, ([field, flag], text) => {
        fc.pre(text.trim() !== '')
        const asked = questionOfForm({ ...formOf(base), [field]: text }, base)
        const flags = { rps: '20', price: '3', [camel(flag)]: flag === 'growth' ? `${text.trim()}%` : text.trim() }
        let taken = true
        try {
          askedByFlags(flags)
        } catch {
          taken = false
        }
        assert.equal('question' in asked, taken, `${field}: ${JSON.stringify(text)}`)
      }),
      { numRuns: 500 },
    )
  })

  test('names the field that is wrong and what it takes', () => {
    const asked = questionOfForm({ ...formOf(base), nodes: '2.5', 'nodes-lost': '-1', mix: '0 0' }, base)
    assert.deepEqual(asked, {
      problems: {
        'mix-0': 'At least one kind of request needs a weight above 0.',
        nodes: 'Write a whole number from 1.',
        'nodes-lost': 'Write a whole number from 0 to 100.',
      },
    })
  })

  test('leaves out a kind of request whose share is 0', () => {
    const asked = questionOfForm({ ...formOf(base), mix: '0 5' }, base)
    assert.ok('question' in asked)
    assert.deepEqual(asked.question.traffic.mix, [{ ...kinds[1], share: 1 }])
  })

  test('has no command where flags cannot ask it: a day of one’s own, a trace, other lengths, no SLO', () => {
    const own = { ...base, traffic: { ...base.traffic, day: dayShapes.office.map(factor => factor / 2) } }
    const asked = (question: CapacityQuestion) => commandOfForm(formOf(question), question, workloads, 'results/x')
    assert.match(asked(base) ?? '', /^fulcrum capacity results\/x --rps 20 --mix \S+/)
    assert.equal(formOf(own).day, givenDay)
    assert.equal(asked(own), null)
    assert.equal(asked({ ...base, traffic: { ...base.traffic, notes: ['The trace lasts 40 s.'] } }), null)
    const longer = base.traffic.mix.map(kind => ({ ...kind, isl: 2 * kind.isl }))
    assert.equal(asked({ ...base, traffic: { ...base.traffic, mix: longer } }), null)
    assert.equal(asked({ ...base, slo: {} }), null)
  })
})

describe('the plan of the capacity page', () => {
  test('is the one of the command, to the last digit', async () => {
    const { text } = await loadPageModule('render/page/capacity/modules', 'modules')
    const data = JSON.stringify({ points: points.map(capacityPoint), run, twin: null })
    const page = runInNewContext(
      `${text}; const ground = JSON.parse(data)
      ;(form, base) => {
        const asked = modules.questionOfForm(JSON.parse(form), JSON.parse(base))
        const { view } = modules.planned(ground, asked.question)
        return JSON.stringify([view, modules.capacityCsv(view), modules.headline(view), modules.capacitySections(view).html])
      }`,
      { data },
    )
    fc.assert(
      fc.property(questions, question => {
        const { view } = planned(ground, question)
        const [asPage, csv] = JSON.parse(page(JSON.stringify(formOf(question)), JSON.stringify(question)))
        assert.deepEqual(asPage, JSON.parse(JSON.stringify(view)))
        assert.equal(csv, capacityCsv(view))
      }),
      { numRuns: 25 },
    )
  })

  test('is the one of the command with a twin, too: lengths that it predicts, and its replay', async () => {
    const profile = await loadProfile('deepseek-r1-fp4-gb200')
    const measured = analyse(
      virtualRun(profile, {
        topologies: [disaggregated(1, 1)],
        workloads: [[4000, 200]],
        concurrencies: [1, 8, 32],
        slo: base.slo,
      }),
    ).points
    const twin: Twin = {
      ...{ schema: 1, fittedAt: '', fulcrumVersion: '', run: null, points: 3, routing: 'round-robin', notes: [] },
      model: { name: 'nvidia/DeepSeek-R1-FP4', tokenizer: 'builtin:deepseek-v3' },
      gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
      profile,
      parameters: neutralParameters,
      range: rangeOf(measured),
      errors: { fitted: {}, heldOutPoints: {}, heldOutTopologies: {} },
    }
    const question = { ...base, traffic: { ...base.traffic, mix: [{ name: 'x', share: 1, isl: 2000, osl: 300 }] } }
    const { view } = planned({ points: measured, run, twin: planningTwin(twin) }, question)
    assert.ok(view.replays.length > 0 && view.answer?.requests[0]?.carriedOver?.includes('predicted by the twin'))
    const [modules, simulation] = await Promise.all([
      loadPageModule('render/page/capacity/modules', 'modules'),
      loadPageModule('analysis/capacity/planning-twin', 'capacityTwin'),
    ])
    const data = JSON.stringify({ points: measured.map(capacityPoint), run, twin: plainTwin(twin), question })
    const page = runInNewContext(
      `${modules.text}; ${simulation.text}; const { twin, question, ...rest } = JSON.parse(data)
      JSON.stringify(modules.planned({ ...rest, twin: capacityTwin.planningTwin(capacityTwin.twinOfPlain(twin)) }, question).view)`,
      { data },
    )
    assert.deepEqual(JSON.parse(page), JSON.parse(JSON.stringify(view)))
  })

  test('needs no more of a point than the page has', () => {
    fc.assert(
      fc.property(questions, question => {
        const whole = planned(ground, question).view
        const kept = planned({ ...ground, points: points.map(capacityPoint) }, question).view
        assert.deepEqual(kept, whole)
      }),
      { numRuns: 25 },
    )
  })
})

describe('a capacity plan as CSV', () => {
  test('has a row for each deployment, the answer first, figures unrounded', () => {
    const { view } = planned(ground, base)
    const rows = parseCsv(capacityCsv(view))
    assert.equal(rows.length, view.candidates.length + view.refused.length)
    assert.equal(rows[0]?.standing, 'answer')
    assert.equal(rows[0]?.deployment, view.answer?.deployment)
    assert.equal(rows[0]?.requests_per_s_per_replica, String(view.answer?.requestsPerSPerReplica))
    assert.equal(rows[0]?.cost_unit, 'EUR')
    assert.equal(rows.filter(row => row.standing === 'answer').length, 1)
  })

  test('says why a deployment is left out, and leaves its figures empty', () => {
    const { view } = planned(ground, { ...base, slo: { itlP95Ms: 0.1 } })
    const rows = parseCsv(capacityCsv(view))
    assert.equal(planCapacity(points, { ...base, slo: { itlP95Ms: 0.1 } }).candidates.length, 0)
    for (const row of rows) {
      assert.equal(row.standing, 'left out')
      assert.match(row.reason ?? '', /misses the SLO/)
      assert.equal(row.nodes, '')
    }
  })

  test('marks what does not fit the nodes as no answer', () => {
    const { view } = planned(ground, { ...base, fleet: { ...base.fleet, nodes: 1 } })
    assert.equal(view.serves, false)
    assert.ok(parseCsv(capacityCsv(view)).every(row => row.standing === 'too many nodes'))
  })
})
