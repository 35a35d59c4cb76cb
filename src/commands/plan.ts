import { resolve } from 'node:path'
import { createDeployer } from '../deployers/create.ts'
import type { DeployPreview } from '../deployers/deployer.ts'
import { besideDeployment } from '../deployers/kubernetes/load-job/defaults.ts'
import { previewLoadJob } from '../deployers/kubernetes/load-job/preview.ts'
import type { LoadExample } from '../generators/define-generator.ts'
import { pastSecondsPerPoint } from '../journal/index.ts'
import { deploymentLabel, redactArguments, redactor, redactStrings } from '../model/index.ts'
import { onlyPoints } from '../plan/only.ts'
import { planSweep } from '../plan/plan.ts'
import { loadSweep } from '../spec/load-sweep.ts'
import type { Plan, Sweep } from '../spec/sweep.ts'

export type { DatasetFacts } from '../spec/checks/datasets.ts'
export type { Plan, Sweep }

/** Options for reading a sweep file. */
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

/** Plans a sweep file, or only the given points of it, with a time estimate from past runs in `resultsRoot`. */
export async function planSweepFile(
  file: string,
  options: SweepFileOptions & { readonly resultsRoot: string; readonly only?: readonly string[] },
): Promise<Plan> {
  const sweep = await loadSweep(file, options)
  const plan = planSweep(sweep, await pastSecondsPerPoint(resolve(options.resultsRoot), sweep.name))
  return options.only === undefined ? plan : onlyPoints(plan, options.only)
}

/** Steps from one deployment to the next, or the start of what sends the load. */
export interface DeploymentPreview {
  readonly label: string
  readonly points: number
  readonly preview: DeployPreview
}

/** The exact commands and files of a run of this plan, deployment by deployment. Starts nothing. */
export async function previewPlan(plan: Plan): Promise<readonly DeploymentPreview[]> {
  const deployer = await createDeployer(plan.sweep.deploy, {
    model: plan.sweep.model,
    runFolder: 'RUN',
    variants: plan.sweep.variants,
  })
  const { shards } = plan.sweep.generator
  const load =
    shards?.job === undefined
      ? []
      : [
          {
            label: 'load',
            points: plan.pointCount,
            preview: previewLoadJob(besideDeployment({ ...shards, job: shards.job }, plan.sweep.deploy.cluster())),
          },
        ]
  const asked = await loadExample(plan)
  const deployments = plan.deployments.map(({ deployment, points }, i) => {
    const preview = deployer.preview(plan.deployments[i - 1]?.deployment ?? null, deployment)
    return {
      label: deploymentLabel(deployment),
      points: points.length,
      preview: asked === null || i > 0 ? preview : withLoad(preview, asked),
    }
  })
  return [...load, ...deployments]
}

/**
 * Example request of the first point; null if the endpoint is unknown before something starts, or the generator does
 * not tell.
 */
export async function loadExample({ sweep, deployments }: Plan): Promise<LoadExample | null> {
  const point = deployments[0]?.points[0]
  const endpoint = sweep.deploy.endpoint(sweep.model.name)
  if (point === undefined || endpoint === null) return null
  const example = await sweep.generator.example(point, endpoint)
  const hide = redactor(process.env)
  if (example?.kind === 'command') return { ...example, argv: redactArguments(example.argv, hide) }
  return example === null ? null : { ...example, body: redactStrings(example.body, hide) }
}

function withLoad(preview: DeployPreview, asked: LoadExample): DeployPreview {
  if (asked.kind === 'command') {
    const note = 'the load of the first point'
    return { ...preview, commands: [...preview.commands, { argv: asked.argv, env: {}, note }] }
  }
  const { kind: _, ...request } = asked
  return { ...preview, requests: [request] }
}
