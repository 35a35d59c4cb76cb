import { join } from 'node:path'
import { createRun } from '../../src/journal/index.ts'
import type { Run } from '../../src/journal/run.ts'

/** Writes a run made in memory as `fulcrum run` would have left it; returns its folder. */
export async function writtenRun(run: Run, resultsRoot: string, at: Date): Promise<string> {
  const { sweep, sweepText, command, plan, only } = run.manifest
  const request = {
    sweep: { name: sweep, file: join(resultsRoot, 'sweep.yaml'), text: sweepText },
    command,
    plan,
    ...(only === undefined ? {} : { only }),
  }
  const now = () => at
  await using open = await createRun(resultsRoot, request, { now })
  for (const deployment of run.deployments) await open.journal.append(deployment)
  for (const result of run.results) await open.journal.append({ type: 'point', result, elapsedS: 1 })
  if (run.ended !== null) await open.journal.append(run.ended)
  return open.folder
}
