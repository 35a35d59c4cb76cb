import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRun, type JournalEvent, openRun, readRun } from '../../src/journal/index.ts'
import type { RunDependencies } from '../../src/runner/run.ts'
import { type RunOutcome, runSweep } from '../../src/runner/run.ts'
import type { Plan } from '../../src/spec/sweep.ts'
import { scriptedDeployer, scriptedGenerator } from './small-system.ts'

/** A run folder in a scratch folder, to attempt again and again. */
export interface ScratchRun extends AsyncDisposable {
  readonly folder: string
  /** Opens the run, runs the plan with the given dependencies (scripted ones that do well by default), closes it. */
  attempt(dependencies?: Partial<Omit<RunDependencies, 'run'>>): Promise<RunOutcome>
  events(): Promise<readonly JournalEvent[]>
  points(): Promise<readonly Extract<JournalEvent, { type: 'point' }>[]>
}

/** @param parent where to put it; a scratch folder of the system unless given */
export async function scratchRun(plan: Plan, parent = tmpdir()): Promise<ScratchRun> {
  const root = await mkdtemp(join(parent, 'fulcrum-run-'))
  const created = await createRun(root, {
    sweep: plan.sweep,
    command: ['fulcrum', 'run', 'small.yaml'],
    plan: { points: plan.pointCount, deployments: 3, workersStarted: 5, lowerBound: 5, exact: true },
  })
  await created.close()
  const events = async () => (await readRun(created.folder)).lines.map(line => line.event)
  return {
    folder: created.folder,
    async attempt(dependencies = {}) {
      await using run = await openRun(created.folder)
      return await runSweep(plan, {
        run,
        deployer: scriptedDeployer(),
        generator: scriptedGenerator(),
        judge: () => [],
        signal: new AbortController().signal,
        ...dependencies,
      })
    },
    events,
    points: async () => (await events()).filter(event => event.type === 'point'),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}
