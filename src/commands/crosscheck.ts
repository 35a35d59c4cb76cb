import { mkdtemp, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createDeployer } from '../deployers/create.ts'
import { type Crosscheck, crosscheck, type TurnProgress } from '../generators/crosscheck/crosscheck.ts'
import type { ConfiguredGenerator } from '../generators/define-generator.ts'
import { generatorNames } from '../generators/index.ts'
import { FulcrumError, type Point } from '../model/index.ts'
import { planSweep } from '../plan/plan.ts'
import { loadSweep } from '../spec/load-sweep.ts'
import { readGenerator } from '../spec/sections/generator.ts'
import type { Plan, Sweep } from '../spec/sweep.ts'
import { disk } from '../yaml/files.ts'
import type { Path } from '../yaml/problem.ts'
import { type DeploymentPreview, previewPlan } from './plan.ts'
import { pointLabel } from './point-label.ts'
import { probeSettings } from './probe-settings.ts'

export { crosscheckMarkdown, crosscheckText } from '../generators/crosscheck/format.ts'
export type { Crosscheck, TurnProgress }
export { generatorNames }

/** Request of `fulcrum crosscheck`. */
export interface CrosscheckRequest {
  /** Sweep file whose deployment and load are checked. */
  readonly file: string
  /** Names of shipped generators or of the sweep file's own, paths of modules, or names of packages. */
  readonly generators: readonly string[]
  /** Programs of generators that are not on PATH, by generator name. */
  readonly commands: { readonly [generator: string]: string }
  readonly rounds: number
  /** Position of the point in the plan, from 1. */
  readonly point: number
  /** Folder for the generators' files. Default: a temporary folder, kept only if a generator was not tested. */
  readonly folder?: string
  readonly signal: AbortSignal
  readonly onTurn: (turn: TurnProgress) => void
}

/** A cross-check, and where the files of the generators are; null if they were temporary. */
export interface CrosscheckOutcome extends Crosscheck {
  readonly folder: string | null
}

/**
 * Deploys one point's deployment and measures the point with each generator in turn.
 * @throws FulcrumError (bad-input) for a missing sweep file or point; the errors of the deployer
 */
export async function crosscheckSweepFile(request: CrosscheckRequest): Promise<CrosscheckOutcome> {
  const sweep = await loadSweep(request.file)
  const point = pointAt(planSweep(sweep), request.point)
  const contestants = await Promise.all(
    request.generators.map(asked => contestant(asked, request.commands[asked], sweep)),
  )
  if (request.folder !== undefined) {
    const folder = resolve(request.folder)
    return { ...(await measureInTurn(request, sweep, point, contestants, folder)), folder }
  }
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-crosscheck-'))
  try {
    const result = await measureInTurn(request, sweep, point, contestants, folder)
    if (result.notTested.length > 0) return { ...result, folder }
    await rm(folder, { recursive: true, force: true })
    return { ...result, folder: null }
  } catch (error) {
    // The error names the logs, unless there are none.
    if (request.signal.aborted) await rm(folder, { recursive: true, force: true })
    else await rmdir(folder).catch(() => {})
    throw error
  }
}

async function measureInTurn(
  { rounds, signal, onTurn }: CrosscheckRequest,
  sweep: Sweep,
  point: Point,
  contestants: readonly ConfiguredGenerator[],
  folder: string,
): Promise<Crosscheck> {
  await using cleanup = new AsyncDisposableStack()
  const deployer = await createDeployer(sweep.deploy, {
    model: sweep.model,
    variants: sweep.variants,
    runFolder: folder,
    ...probeSettings([point.load]),
  })
  cleanup.defer(() => deployer.close())
  const generators = contestants.map(({ name, create }) => {
    const generator = create({ runFolder: folder })
    cleanup.defer(() => generator.close())
    return { name, generator }
  })
  const { endpoint } = await deployer.reconcile(point.deployment, { signal, onEvent: () => {} })
  return await crosscheck({ point, endpoint, generators, rounds, signal, folder, onTurn })
}

/**
 * Previews the deployment of a cross-check without starting anything.
 * @throws FulcrumError (bad-input) for a missing sweep file or point
 */
export async function previewCrosscheck(file: string, position: number): Promise<readonly DeploymentPreview[]> {
  const plan = planSweep(await loadSweep(file))
  const point = pointAt(plan, position)
  return previewPlan({ ...plan, deployments: [{ deployment: point.deployment, points: [point] }] })
}

/**
 * A generator by name: the sweep file's own with its configuration, a shipped one, or one from a module or package.
 * @throws FulcrumError (bad-input, `crosscheck-generator`) if it is unknown or takes no program
 */
async function contestant(asked: string, command: string | undefined, sweep: Sweep): Promise<ConfiguredGenerator> {
  if (command === undefined && asked === sweep.generator.name) return sweep.generator
  const problems: string[] = []
  const context = {
    report: (_: Path, wrong: string, right: string) => problems.push(`${wrong}; ${right}`),
    folder: process.cwd(),
    // A missing program is not an error here: its generator is reported as not tested.
    files: { ...disk, kind: () => 'file' as const },
  }
  const keys = command === undefined ? {} : { command: programPath(command) }
  const configured = await readGenerator({ name: asked, ...keys }, context)
  if (configured !== null && problems.length === 0) return configured
  throw new FulcrumError(
    'bad-input',
    'crosscheck-generator',
    `Cannot use the generator ${asked}: ${problems.join('. ')}`,
    {
      remedy: `Use ${generatorNames.join(', ')}, the generator of the sweep file, or the path of a module that defines one.`,
    },
  )
}

/** A path means the file here; a bare name is looked up on PATH. */
const programPath = (command: string): string => (command.includes('/') ? resolve(command) : command)

function pointAt(plan: Plan, position: number): Point {
  const points = plan.deployments.flatMap(({ points }) => points)
  const point = points[position - 1]
  if (point !== undefined) return point
  const listed = points.slice(0, 20).map((each, i) => `${i + 1}: ${pointLabel(each)}`)
  throw new FulcrumError(
    'bad-input',
    'no-such-point',
    `Unknown point ${position}: the plan has points 1 to ${points.length}.`,
    {
      remedy: `Select one with --point: ${listed.join('; ')}${points.length > 20 ? '; …' : ''}.`,
    },
  )
}
