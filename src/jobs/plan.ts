import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createDeployer } from '../deploy/create.ts'
import type { DeployPreview } from '../deploy/deployer.ts'
import { besideDeployment } from '../deploy/kubernetes/load-job/defaults.ts'
import { previewLoadJob } from '../deploy/kubernetes/load-job/preview.ts'
import { pastSecondsPerPoint } from '../journal/index.ts'
import { FulcrumError, topologyLabel } from '../point/index.ts'
import { loadSweep } from '../sweep/load-sweep.ts'
import { onlyPoints } from '../sweep/only.ts'
import { planSweep } from '../sweep/plan.ts'
import type { Plan, Sweep } from '../sweep/sweep.ts'
import { initTemplates } from '../sweep/templates.ts'

export interface SweepFileOptions {
  /** Accept a grid of up to this many points. */
  readonly allowPoints?: number
}

/**
 * Reads and checks a sweep file.
 * @throws FulcrumError (bad-input) that lists every problem with its place
 */
export async function validateSweep(
  file: string,
  options: SweepFileOptions = {},
): Promise<{ sweep: Sweep; points: number }> {
  const sweep = await loadSweep(file, options)
  return { sweep, points: planSweep(sweep).pointCount }
}

/** Plans a sweep file, or the part of it with these points, with a time estimate from past runs under `resultsRoot`. */
export async function planSweepFile(
  file: string,
  options: SweepFileOptions & { readonly resultsRoot: string; readonly only?: readonly string[] },
): Promise<Plan> {
  const sweep = await loadSweep(file, options)
  const plan = planSweep(sweep, await pastSecondsPerPoint(resolve(options.resultsRoot), sweep.name))
  return options.only === undefined ? plan : onlyPoints(plan, options.only)
}

/** What reaching one deployment from the one before would run, or what the load is sent from. */
export interface DeploymentPreview {
  readonly label: string
  readonly points: number
  readonly preview: DeployPreview
}

/** Exactly what a run of this plan would start and write, deployment by deployment; starts nothing. */
export async function previewPlan(plan: Plan): Promise<readonly DeploymentPreview[]> {
  const deployer = await createDeployer(plan.sweep.deploy, { model: plan.sweep.model, runFolder: 'RUN' })
  const { shards } = plan.sweep.generatorSettings
  const load =
    shards?.job === undefined
      ? []
      : [
          {
            label: 'load',
            points: plan.pointCount,
            preview: previewLoadJob(besideDeployment({ ...shards, job: shards.job }, plan.sweep.deploy)),
          },
        ]
  const deployments = plan.deployments.map(({ deployment, points }, i) => ({
    label: topologyLabel(deployment.topology),
    points: points.length,
    preview: deployer.preview(plan.deployments[i - 1]?.deployment ?? null, deployment),
  }))
  return [...load, ...deployments]
}

/**
 * Writes a ready sweep file under a new name; never overwrites.
 * @throws FulcrumError (bad-input) for an unknown template or a file that is there already
 */
export async function writeSweepTemplate(
  file: string,
  template: string,
  dryRun: boolean,
): Promise<{ path: string; text: string }> {
  const templates = await initTemplates()
  const text = templates[template]
  if (text === undefined) {
    throw new FulcrumError('bad-input', 'unknown-template', `There is no template '${template}'.`, {
      remedy: `Use one of: ${Object.keys(templates).join(', ')}.`,
    })
  }
  const path = resolve(file)
  if (dryRun) return { path, text }
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (cause) {
    const there = await readFile(path).then(
      () => true,
      () => false,
    )
    throw there
      ? new FulcrumError('bad-input', 'file-exists', `${file} is there already; it was left as it is.`, {
          remedy: 'Name another file.',
        })
      : new FulcrumError('environment', 'not-writable', `${file} can't be written: ${String(cause)}`, { cause })
  }
  return { path, text }
}
