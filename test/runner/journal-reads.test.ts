// Test part: long

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Journal, JournalEvent, JournalLine } from '../../src/journal/index.ts'
import { runSweep } from '../../src/runner/run.ts'
import type { Plan, Sweep } from '../../src/spec/sweep.ts'
import { measurementOf, scriptedDeployer, scriptedGenerator, smallPlan } from './small-system.ts'

/** A journal in memory that counts how often its lines are read. */
function countingJournal(begun: readonly JournalLine[] = []) {
  const lines: JournalLine[] = [...begun]
  let reads = 0
  const counted = new Proxy(lines, {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++
      return Reflect.get(target, key, receiver)
    },
  })
  const append = async (event: JournalEvent) => {
    const line = { seq: lines.length, at: '2026-11-24T12:00:00.000Z', event }
    lines.push(line)
    return line
  }
  const close = async () => {}
  const journal: Journal = { file: 'journal.jsonl', lines: counted, append, close, [Symbol.asyncDispose]: close }
  return { journal, lines, reads: () => reads }
}

async function readsPerPoint(plan: Plan, begun: readonly JournalLine[] = []): Promise<number> {
  const { journal, lines, reads } = countingJournal(begun)
  const outcome = await runSweep(plan, {
    run: { folder: '/nowhere', journal, attempt: 1 },
    deployer: scriptedDeployer(),
    generator: scriptedGenerator(),
    judge: () => [],
    checkQuality: async () => ({ concurrency: 1, unansweredLimit: 0.01 }),
    signal: new AbortController().signal,
    onProgress: () => {},
  })
  assert.equal(outcome.outcome, 'complete')
  assert.equal(outcome.points.ok, plan.pointCount)
  return reads() / lines.length
}

const levels = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

/** Shapes of sweeps whose every point needs something of the journal. */
const shapes: { readonly [what: string]: (plan: Plan) => Plan } = {
  'a grid': plan => plan,
  'a grid of prompts made from a seed': plan => withSweep(plan, { prompts: 'by-seed' }),
  'a grid whose deployments are asked questions': plan => withQuality(plan, 'deployment'),
  'a grid whose points are asked questions': plan => withQuality(plan, 'point'),
}

const withQuality = (plan: Plan, at: 'deployment' | 'point'): Plan => ({
  ...plan,
  sweep: { ...plan.sweep, quality: { at, questions: null, lmEval: null } },
})

function withSweep(plan: Plan, { prompts }: { readonly prompts?: 'by-seed' }): Plan {
  const { generator } = plan.sweep
  const capabilities = { ...generator.capabilities, ...(prompts === undefined ? {} : { prompts }) }
  return { ...plan, sweep: { ...plan.sweep, generator: { ...generator, capabilities } } as Sweep }
}

describe('a run reads each line of its journal as often, however many points there are', () => {
  for (const [what, shaped] of Object.entries(shapes))
    test(what, async () => {
      const [few, many] = [
        await readsPerPoint(shaped(smallPlan(levels(50)))),
        await readsPerPoint(shaped(smallPlan(levels(800)))),
      ]
      assert.ok(many <= few + 1, `${few} reads a line with 150 points, ${many} with 2,400`)
      assert.ok(many < 40, `${many} reads a line`)
    })

  test('a grid that is resumed', async () => {
    const plan = smallPlan(levels(800))
    const points = plan.deployments.flatMap(planned => planned.points)
    const begun = points.slice(0, 1200).map(
      (point, seq): JournalLine => ({
        seq,
        at: '',
        event: {
          type: 'point',
          elapsedS: 1,
          result: { point, status: 'ok', reason: '', findings: [], measurement: measurementOf(point) },
        },
      }),
    )
    assert.ok((await readsPerPoint(plan, begun)) < 40)
  })
})
