import { chmod, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Analysis, analyse } from '../analysis/analyse.ts'
import type { MeasuredPoint } from '../analysis/measured-point.ts'
import { type Expectation, expectedOf } from '../analysis/verify/expected.ts'
import { fulcrumVersion, type Run, writeWithFolders } from '../journal/index.ts'
import { defined, FulcrumError } from '../model/index.ts'
import { deploymentReadme } from '../render/markdown/deployment.ts'
import { deployOf } from '../spec/deploy-of.ts'
import type { Sweep } from '../spec/sweep.ts'
import { readRunWithMissingPoints } from './run-with-missing-points.ts'
import { sweepAsItWas } from './sweep-as-it-was.ts'
import { expectedFile } from './verify.ts'

/** Options of `fulcrum tune RUN --write DIR`. */
export interface WriteRequest {
  /** The run's folder. */
  readonly run: string
  /** The folder to write. Must be empty or not exist. */
  readonly into: string
  /** Ids of points to write instead of the recommended ones. */
  readonly points?: readonly string[]
}

/** A written deployment. */
export interface WrittenDeployment {
  readonly workload: string
  readonly deployment: string
  readonly folder: string
  readonly files: readonly string[]
}

/**
 * `fulcrum tune RUN --write DIR`: for the recommended point of each workload, writes its deployment, a README with the
 * expected figures, and `expected.json`, which `fulcrum verify` measures again.
 * @throws FulcrumError (bad-input) for a folder that is not empty, or if there is nothing to recommend
 */
export async function writeDeployments(request: WriteRequest): Promise<readonly WrittenDeployment[]> {
  const into = resolve(request.into)
  await refuseUnlessEmpty(into)
  const run = await readRunWithMissingPoints(resolve(request.run))
  const sweep = await sweepAsItWas(run.manifest)
  const analysis = analyse(run)
  const chosen = request.points === undefined ? recommended(analysis) : named(analysis, request.points)
  const written: (WrittenDeployment & { readonly contents: readonly WrittenFile[] })[] = []
  for (const point of chosen) {
    const folder = join(into, folderName(point, written.length, chosen))
    const contents = await contentsOf(point, analysis, run, sweep, folder)
    written.push({
      workload: point.workload.name,
      deployment: point.label,
      folder,
      files: contents.map(({ path }) => path),
      contents,
    })
  }
  const all = written.flatMap(({ folder, contents }) =>
    contents.map(({ path, ...rest }) => ({ path: join(folder, path), ...rest })),
  )
  await writeWithFolders(all.map(({ path, content }) => ({ path, content, isNew: true })))
  for (const { path, isProgram } of all) if (isProgram) await chmod(path, 0o755)
  return written.map(({ contents: _, ...rest }) => rest)
}

interface WrittenFile {
  readonly path: string
  readonly content: string
  readonly isProgram?: true
}

async function contentsOf(
  point: MeasuredPoint,
  { figures }: Analysis,
  { manifest }: Run,
  sweep: Sweep,
  folder: string,
): Promise<readonly WrittenFile[]> {
  const deploy = deployOf(sweep, point.deployment)
  const deployed = deploy.files({ deployment: point.deployment, model: point.deployment.model.name, folder })
  const expectation: Expectation = {
    format: 1,
    fulcrum: await fulcrumVersion(),
    run: { id: manifest.runId, createdAt: manifest.createdAt, revision: manifest.git?.revision ?? null },
    deployment: { id: point.deployment.id, label: point.label, gpus: point.gpus },
    dialect: deployed?.dialect ?? 'dynamo-1',
    points: [expectedOf(point, figures)],
    sweep: {
      file: manifest.sweepFile,
      text: manifest.sweepText,
      ...defined({ id: manifest.sweepId }),
      points: manifest.plan.points,
    },
  }
  const readme = deploymentReadme({ expectation, deployed, deployer: deploy.name, folder })
  return [
    { path: 'README.md', content: readme },
    { path: expectedFile, content: `${JSON.stringify(expectation, null, 2)}\n` },
    ...(deployed?.files ?? []),
  ]
}

function recommended({ workloads }: Analysis): readonly MeasuredPoint[] {
  const best = workloads.flatMap(({ recommendation: { best, basis } }) =>
    best === null || basis === 'missed' ? [] : [best],
  )
  if (best.length > 0) return best
  throw new FulcrumError('bad-input', 'nothing-recommended', 'No workload of this run has a deployment to recommend.', {
    remedy: 'See `fulcrum tune RUN` for the reason, or name a point with --point ID.',
  })
}

function named({ points }: Analysis, ids: readonly string[]): readonly MeasuredPoint[] {
  return ids.map(id => {
    const found = points.find(({ repeats, status }) => status === 'ok' && repeats.some(({ point }) => point.id === id))
    if (found !== undefined) return found
    throw new FulcrumError('bad-input', 'no-such-point', `The run has no valid point ${id}.`, {
      remedy: 'See points.csv of its report for the ids of its points.',
    })
  })
}

/** `8000-256`; with a number if several share the name. */
function folderName(point: MeasuredPoint, index: number, all: readonly MeasuredPoint[]): string {
  const nameOf = ({ workload }: MeasuredPoint) =>
    workload.name.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^[-.]+|-+$/g, '') || 'workload'
  const isShared = all.filter(other => nameOf(other) === nameOf(point)).length > 1
  return isShared ? `${nameOf(point)}-${index + 1}` : nameOf(point)
}

/**
 * Refuses a folder with content.
 * @throws FulcrumError (bad-input) unless the folder is empty or does not exist
 */
export async function refuseUnlessEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new FulcrumError('bad-input', 'not-a-folder', `Cannot write here: ${error.message}.`, { where: folder })
  })
  if (entries.length === 0) return
  throw new FulcrumError('bad-input', 'folder-not-empty', 'The folder for --write is not empty.', {
    where: folder,
    remedy: 'Name a new folder, or remove this one.',
  })
}
