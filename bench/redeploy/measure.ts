import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Deployer, Reconciled } from '../../src/deployers/deployer.ts'
import type { Deployment } from '../../src/model/index.ts'
import { watch } from '../../test/systems/dynamo-deployment.ts'
import type { Case, Step, Surroundings } from './case.ts'

/** What one change cost, over all repetitions. */
export interface Cost {
  readonly change: string
  /** Fulcrum's reconcile. */
  readonly smallest: Sample
  /** Everything stopped, everything started. */
  readonly anew: Sample
}

export interface Sample {
  /** One for each repetition. */
  readonly seconds: readonly number[]
  /** The same in each. */
  readonly workersStarted: number
}

interface Taken {
  readonly seconds: number
  readonly workersStarted: number
}

/** Walks through a case's changes both ways in turns, so that the machine's own ups and downs meet both. */
export async function measure(one: Case, repetitions: number): Promise<readonly Cost[]> {
  await using surroundings = await one.open()
  const smallest: (readonly Taken[])[] = []
  const anew: (readonly Taken[])[] = []
  for (let repetition = 0; repetition < repetitions; repetition++) {
    smallest.push(await bySmallestChange(surroundings, one.walk))
    anew.push(await byStartingAnew(surroundings, one.walk))
  }
  return one.walk.map(({ change }, i) => ({ change, smallest: sampleOf(smallest, i), anew: sampleOf(anew, i) }))
}

function sampleOf(walks: readonly (readonly Taken[])[], step: number): Sample {
  const taken = walks.flatMap(walk => walk[step] ?? [])
  return { seconds: taken.map(({ seconds }) => seconds), workersStarted: taken.at(-1)?.workersStarted ?? 0 }
}

async function bySmallestChange(surroundings: Surroundings, walk: readonly Step[]): Promise<readonly Taken[]> {
  await using deployer = await open(surroundings)
  const taken: Taken[] = []
  for (const { wanted } of walk) {
    const { elapsedS, workersStarted } = await reconcile(deployer, wanted)
    taken.push({ seconds: elapsedS, workersStarted })
  }
  return taken
}

/** As tools without a reconcile do it. */
async function byStartingAnew(surroundings: Surroundings, walk: readonly Step[]): Promise<readonly Taken[]> {
  const taken: Taken[] = []
  let running = await open(surroundings)
  try {
    for (const { wanted } of walk) {
      const startMs = performance.now()
      if (taken.length > 0) {
        await running.close()
        running = await open(surroundings)
      }
      const { workersStarted } = await reconcile(running, wanted)
      taken.push({ seconds: (performance.now() - startMs) / 1000, workersStarted })
    }
  } finally {
    await running.close()
  }
  return taken
}

async function open(surroundings: Surroundings): Promise<Deployer & AsyncDisposable> {
  const runFolder = await mkdtemp(join(tmpdir(), 'fulcrum-redeploy-'))
  const deployer = await surroundings.deployer(runFolder)
  const close = async () => {
    await deployer.close()
    await rm(runFolder, { recursive: true, force: true })
  }
  return { ...deployer, close, [Symbol.asyncDispose]: close }
}

function reconcile(deployer: Deployer, wanted: Deployment): Promise<Reconciled> {
  return deployer.reconcile(wanted, watch(AbortSignal.timeout(300_000)))
}
