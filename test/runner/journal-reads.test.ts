// Test part: long

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, mock, test } from 'node:test'
import { resumeRun } from '../../src/commands/resume.ts'
import { runSweepFile } from '../../src/commands/run.ts'
import { createRun, type Journal, type JournalEvent, type JournalLine } from '../../src/journal/index.ts'
import { planSweep } from '../../src/plan/plan.ts'
import { runSweep } from '../../src/runner/run.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import type { Plan, Sweep } from '../../src/spec/sweep.ts'
import { scratch } from '../journal/journal-on-disk.ts'
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

const sweepText = `name: half-done
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: [1P1D, 2P1D]
workloads: [1000/100]
load: { concurrency: [1, 2, 3, 4], requests: 10x }
`

/** Files of a run whose first points are measured. */
async function halfDone(folder: string, measured: number) {
  const file = join(folder, 'sweep.yaml')
  await writeFile(file, sweepText)
  const sweep = await loadSweep(file)
  const { deployments, pointCount, cost, lowerBound, exact } = planSweep(sweep)
  await using run = await createRun(join(folder, 'results'), {
    sweep,
    command: ['fulcrum', 'run', file],
    files: sweep.fingerprints,
    plan: {
      points: pointCount,
      deployments: deployments.length,
      workersStarted: cost.workersStarted,
      lowerBound,
      exact,
    },
  })
  const points = deployments.flatMap(planned => planned.points)
  for (const point of points.slice(0, measured)) {
    const result = { point, status: 'failed', reason: 'it was slow', findings: [], measurement: null } as const
    await run.journal.append({ type: 'point', result, elapsedS: 1 })
  }
  return { file, folder: run.folder, resultsRoot: join(folder, 'results') }
}

describe('until its first deployment, a run that goes on decodes each line of its journal once', () => {
  type Files = Awaited<ReturnType<typeof halfDone>>
  type Watch = Pick<Parameters<typeof resumeRun>[0], 'signal' | 'onProgress'>
  const ways: { readonly [command: string]: (files: Files, watch: Watch) => Promise<unknown> } = {
    'resume FOLDER': ({ folder, resultsRoot }, watch) => resumeRun({ folder, resultsRoot, ...watch }),
    resume: ({ resultsRoot }, watch) => resumeRun({ resultsRoot, ...watch }),
    'run FILE': ({ file, resultsRoot }, watch) => runSweepFile({ file, resultsRoot, startNew: false, ...watch }),
  }
  for (const [command, goOn] of Object.entries(ways))
    test(command, async () => {
      await using folder = await scratch()
      const files = await halfDone(folder.path, 5)
      const stop = new AbortController()
      const parse = mock.method(JSON, 'parse')
      let decoded: number | null = null
      const onProgress: Watch['onProgress'] = ({ step }) => {
        if (step !== 'deploying') return
        decoded ??= parse.mock.calls.filter(({ arguments: [text] }) => text.startsWith('{"seq":')).length
        stop.abort(new Error('seen enough'))
      }
      try {
        await goOn(files, { signal: stop.signal, onProgress })
      } finally {
        parse.mock.restore()
      }
      assert.equal(decoded, 5)
    })
})
