import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { journalFile, readRun, runHolder, secondsPerPoint } from '../journal/index.ts'
import { findRun, type RunChoice } from './find-run.ts'
import { pointLabel } from './point-label.ts'
import { type RunStatus, runStatus } from './status.ts'

/** How a run stands at one moment. */
export interface RunGlimpse extends RunStatus {
  /** The latest result in words; null before the first. */
  readonly latest: string | null
  /** From the mean of the points so far, redeployments apart; null where nothing is left or nothing is known. */
  readonly secondsLeft: number | null
}

/**
 * A glimpse now and after each change of the journal, from another process than the run's, until no process holds the run.
 * The journal is only read again when it has grown.
 * @throws the signal's reason when aborted; FulcrumError (bad-input) when there is no run
 */
export async function* watchRun(
  choice: RunChoice,
  { signal, everyMs = 1000 }: { readonly signal: AbortSignal; readonly everyMs?: number },
): AsyncGenerator<RunGlimpse, void, void> {
  const folder = await findRun(choice)
  let seen = ''
  for (;;) {
    signal.throwIfAborted()
    const holder = await runHolder(folder)
    const { size } = await stat(join(folder, journalFile)).catch(() => ({ size: 0 }))
    const now = `${size} ${holder?.pid}`
    if (now !== seen) {
      seen = now
      const glimpse = await glimpseOf(folder, choice.resultsRoot)
      yield glimpse
      if (glimpse.state !== 'running') return
    }
    await wait(everyMs, undefined, { signal })
  }
}

async function glimpseOf(folder: string, resultsRoot: string): Promise<RunGlimpse> {
  const status = await runStatus({ folder, resultsRoot })
  const run = await readRun(folder)
  const last = run.lines.findLast(({ event }) => event.type === 'point')?.event
  const perPoint = secondsPerPoint(run)
  const { missing } = status.points
  return {
    ...status,
    latest:
      last?.type === 'point' ? `${pointLabel(last.result.point)}: ${last.result.reason || last.result.status}` : null,
    secondsLeft: perPoint === undefined || missing === 0 ? null : perPoint * missing,
  }
}
