import { type Changes, changesSince, presentConditions, type RunEntry, readRun } from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'
import type { Plan } from '../spec/sweep.ts'

/** How what a run of this plan rests on has changed since the run began. */
export async function changesOfRun({ folder, manifest }: RunEntry, plan: Plan): Promise<Changes> {
  const now = await presentConditions(plan.sweep.file, plan.sweep.fingerprints)
  const changes = changesSince(manifest, now)
  if (changes.files.length > 0) return changes
  // A run of before files were recorded shows in its points' ids what it measured.
  const planned = new Set(plan.deployments.flatMap(({ points }) => points.map(({ id }) => id)))
  const { results } = await readRun(folder)
  const strange = results.filter(({ point }) => !planned.has(point.id)).length
  if (strange === 0) return changes
  return { ...changes, files: [`${strange} of its ${results.length} points are none of the sweep's any more`] }
}

/**
 * Refuses to mix in one run what was measured of two things.
 * @param accepted whether another revision or version is meant; other files never are: their points would be others
 * @returns what changed and was accepted, a clause each
 * @throws FulcrumError (bad-input) `run-began-with-other`
 */
export async function refuseChanges(run: RunEntry, plan: Plan, accepted: boolean): Promise<readonly string[]> {
  const { files, revision } = await changesOfRun(run, plan)
  if (files.length === 0 && (accepted || revision.length === 0)) return revision
  const remedy =
    files.length > 0
      ? 'Bring it back as it was, or begin a new run with `fulcrum run`.'
      : 'Check out what the run began with, begin a new run with `fulcrum run`, or go on all the same with --accept-revision.'
  throw new FulcrumError(
    'bad-input',
    'run-began-with-other',
    `The run can't go on: since it began, ${[...files, ...revision].join('; ')}`,
    { where: run.folder, remedy },
  )
}
