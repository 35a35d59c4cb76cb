import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { analyse } from '../analysis/analyse.ts'
import { pointKey } from '../analysis/measured-point.ts'
import { type Expectation, expectedLabel, parseExpectation } from '../analysis/verify/expected.ts'
import { type Held, heldTogether, type PromiseVerdict, promiseVerdicts } from '../analysis/verify/held.ts'
import { runningAt } from '../deployers/attach/running-at.ts'
import { createRun, fulcrumVersion, readRun } from '../journal/index.ts'
import { figures } from '../metrics/figures/index.ts'
import { defined, type Endpoint, exitCodes, FulcrumError } from '../model/index.ts'
import { onlyPoints } from '../plan/only.ts'
import { planSweep } from '../plan/plan.ts'
import type { Plan, Sweep } from '../spec/sweep.ts'
import { execute, type ReportedOutcome, type RunWatch } from './execute.ts'
import { planSummary } from './run.ts'
import { sweepAsItWas } from './sweep-as-it-was.ts'

/** Name of the file in which `fulcrum tune --write` keeps what a recommendation promises. */
export const expectedFile = 'expected.json'

/** Options of `fulcrum verify`. */
export interface VerifyRequest extends RunWatch {
  /** The folder that `fulcrum tune --write` wrote, or one of its workloads. */
  readonly folder: string
  readonly resultsRoot: string
  /** A running endpoint to measure. Default: deploys as the sweep says. */
  readonly url?: string
  /** API dialect of the endpoint. Default: that of the expectation. */
  readonly dialect?: Endpoint['dialect']
  /** Relative; 0.1 for 10%. */
  readonly tolerance: number
  /** Measurements of each point. At least two are needed to estimate noise. */
  readonly repeats: number
}

/** The expectation of one folder and its verification. */
export interface Verification {
  readonly folder: string
  readonly deployment: string
  /** The run made for it. */
  readonly run: string
  readonly outcome: ReportedOutcome
  readonly points: readonly {
    readonly workload: string
    readonly load: string
    readonly verdict: Held
    readonly promises: readonly PromiseVerdict[]
  }[]
  readonly verdict: Held
  /** Differences from the first measurement, apart from the run itself. */
  readonly notes: readonly string[]
}

/**
 * `fulcrum verify`: measures a written recommendation again and says whether its figures hold.
 * @throws FulcrumError (bad-input) for a folder without expectations, before anything is started
 */
export async function verifyFolder(request: VerifyRequest): Promise<readonly Verification[]> {
  const expectations = await readExpectations(request.folder)
  const plans = await Promise.all(
    expectations.map(async ({ folder, expectation }) => ({
      folder,
      expectation,
      plan: await planToVerify(expectation, request),
    })),
  )
  const verified: Verification[] = []
  for (const { folder, expectation, plan } of plans) {
    if (request.signal.aborted) break
    verified.push(await verifyOne(folder, expectation, plan, request))
  }
  return verified
}

/** The plans that verifying would measure, for a preview. */
export async function plansToVerify(request: Omit<VerifyRequest, 'signal'>): Promise<readonly Plan[]> {
  const expectations = await readExpectations(request.folder)
  return Promise.all(expectations.map(({ expectation }) => planToVerify(expectation, request)))
}

/** 0 if everything holds. Undecided figures do not hold. */
export function exitCodeOfVerifications(verified: readonly Verification[]): number {
  const failed = verified.find(({ outcome }) => outcome.exitCode !== exitCodes.ok)
  if (failed !== undefined) return failed.outcome.exitCode
  return heldTogether(verified) === 'held' ? exitCodes.ok : exitCodes.pointsFailed
}

async function verifyOne(
  folder: string,
  expectation: Expectation,
  plan: Plan,
  request: VerifyRequest,
): Promise<Verification> {
  const resultsRoot = resolve(request.resultsRoot)
  const run = await createRun(resultsRoot, {
    sweep: plan.sweep,
    command: ['fulcrum', 'verify', folder, ...(request.url === undefined ? [] : [request.url])],
    mix: plan.sweep.mix,
    files: plan.sweep.fingerprints,
    only: plan.deployments.flatMap(({ points }) => points.map(({ id }) => id)),
    plan: planSummary(plan),
  })
  const outcome = await execute(plan, run, resultsRoot, false, request)
  const { points: measured } = analyse(await readRun(run.folder))
  const points = expectation.points.map(expected => {
    const again = measured.find(({ key }) => key === expected.key) ?? null
    const promises = promiseVerdicts(expected, again, figures, request.tolerance)
    return { workload: expected.workload, load: expected.load, verdict: heldTogether(promises), promises }
  })
  return {
    folder,
    deployment: expectedLabel(expectation.deployment),
    run: run.folder,
    outcome,
    points,
    verdict: heldTogether(points),
    notes: await notesOf(expectation),
  }
}

async function notesOf({ fulcrum }: Expectation): Promise<readonly string[]> {
  const version = await fulcrumVersion()
  return fulcrum === version ? [] : [`expected by Fulcrum ${fulcrum}, measured by ${version}`]
}

/** The sweep in which the expectation was measured, reduced to its points, with the requested repeats. */
async function planToVerify(
  { sweep: kept, points, deployment, dialect: expected }: Expectation,
  { url, repeats, dialect = expected }: Pick<VerifyRequest, 'url' | 'repeats' | 'dialect'>,
): Promise<Plan> {
  const whole = await sweepAsItWas({
    sweepFile: kept.file,
    sweepText: kept.text,
    ...defined({ sweepId: kept.id }),
    plan: { points: kept.points },
  })
  // A name of its own keeps the run out of the sweep's history.
  const named: Sweep = { ...whole, name: `${whole.name}-verify`, repeats }
  const plan = planSweep(url === undefined ? named : atEndpoint(named, url, deployment, dialect))
  const keys = new Set(points.map(({ key }) => key))
  const ids = plan.deployments.flatMap(planned =>
    planned.points.filter(point => keys.has(pointKey({ point }))).map(({ id }) => id),
  )
  if (ids.length === points.length * repeats) return onlyPoints(plan, ids)
  throw new FulcrumError(
    'bad-input',
    'expectation-of-another-sweep',
    'The expected points are no longer part of their sweep: a file that it names has changed.',
    { where: kept.file, remedy: 'Restore the file, or run the sweep again and write a new recommendation.' },
  )
}

/**
 * The sweep on a running system instead of its own deployment, without variants.
 * @throws FulcrumError (bad-input) for an invalid URL
 */
function atEndpoint(
  { variants: _, ...sweep }: Sweep,
  url: string,
  { id, gpus }: Expectation['deployment'],
  dialect: Endpoint['dialect'],
): Sweep {
  const deploy = runningAt(url, { gpus, dialect })
  const model = sweep.deployments.find(deployment => deployment.id === id)?.model ?? sweep.model
  return { ...sweep, deploy, model }
}

async function readExpectations(
  folder: string,
): Promise<readonly { readonly folder: string; readonly expectation: Expectation }[]> {
  const root = resolve(folder)
  const inside = await readdir(root, { withFileTypes: true }).catch(() => [])
  const folders = [
    root,
    ...inside
      .filter(entry => entry.isDirectory())
      .map(({ name }) => join(root, name))
      .sort(),
  ]
  const found = []
  for (const one of folders) {
    const file = join(one, expectedFile)
    const isThere = await stat(file).then(
      entry => entry.isFile(),
      () => false,
    )
    if (isThere) found.push({ folder: one, expectation: parseExpectation(await readFile(file, 'utf8'), file) })
  }
  if (found.length > 0) return found
  throw new FulcrumError('bad-input', 'no-expectation', `No ${expectedFile} in ${root}.`, {
    where: root,
    remedy: 'Write one with `fulcrum tune RUN --write DIR`.',
  })
}
