import { type Changes, changesSince, presentConditions, type Run } from '../journal/index.ts'
import { counted, FulcrumError } from '../model/index.ts'
import type { Plan } from '../spec/sweep.ts'

/** Changes since a run of this plan started: files, revision, version. */
export async function changesSinceStart(
  { manifest, results }: Pick<Run, 'manifest' | 'results'>,
  plan: Plan,
): Promise<Changes> {
  const now = await presentConditions(plan.sweep.file, plan.sweep.fingerprints)
  const changes = changesSince(manifest, now)
  if (changes.files.length > 0) return changes
  // A run from before files were recorded is recognized by the ids of its points.
  const planned = new Set(plan.deployments.flatMap(({ points }) => points.map(({ id }) => id)))
  const strange = results.filter(({ point }) => !planned.has(point.id)).length
  if (strange === 0) return changes
  return {
    ...changes,
    files: [
      `${strange} of its ${counted(results.length, 'point')} ${strange === 1 ? 'is' : 'are'} no longer part of the sweep`,
    ],
  }
}

/**
 * Refuses to mix measurements of different builds or files in one run.
 * @param accepted whether to accept another revision or version. Other files are never accepted, because their points
 *   differ
 * @returns the accepted changes, one clause each
 * @throws FulcrumError (bad-input, `run-began-with-other`)
 */
export async function refuseChangedRun(run: Run, plan: Plan, accepted: boolean): Promise<readonly string[]> {
  const { files, revision } = await changesSinceStart(run, plan)
  if (files.length === 0 && (accepted || revision.length === 0)) return revision
  const remedy =
    files.length > 0
      ? 'Restore the file, or start a new run with `fulcrum run`.'
      : 'Check out the revision that the run started with, start a new run with `fulcrum run`, or continue with --accept-revision.'
  throw new FulcrumError(
    'bad-input',
    'run-began-with-other',
    `Cannot continue the run. Since it started: ${[...files, ...revision].join('; ')}`,
    { where: run.folder, remedy },
  )
}
