import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { journalFile, type Run, readRun, runHolder, secondsPerPoint } from '../journal/index.ts'
import { readLive } from '../journal/live.ts'
import { latestPointLines } from '../render/views/latest-point.ts'
import { findRun, type RunChoice } from './find-run.ts'
import { pointLabel } from './point-label.ts'
import { type RunStatus, statusOf } from './status.ts'

/** The state of a run at one moment. */
export interface RunGlimpse extends RunStatus {
  /** The latest result as text; null before the first. */
  readonly latest: string | null
  /** Latencies, queues and GPUs of the latest measured point, one line each; empty if nothing was observed. */
  readonly latestFigures: readonly string[]
  /** Estimated from the mean of the points so far, without redeployments; null if nothing is left or known. */
  readonly secondsLeft: number | null
}

/** A run and its state when it was read. */
export interface RunSight {
  readonly run: Run
  readonly glimpse: RunGlimpse
}

/** Options for following a run. */
export interface WatchOptions {
  readonly signal: AbortSignal
  readonly everyMs?: number
}

/** Maximum share of time spent on reading. A long journal is therefore read less often. */
const mostShare = 0.2

/**
 * Yields a run, read from another process than the run's: at once, after each change of its journal, and once a second
 * while a point is in flight, until no process holds it. Reads the journal again only after it has grown; until then
 * `run` is the same object.
 * @throws the signal's reason if aborted; FulcrumError (bad-input) if there is no run
 */
export async function* followRun(
  folder: string,
  { signal, everyMs = 1000 }: WatchOptions,
): AsyncGenerator<RunSight, void, void> {
  let seen = ''
  let run: Run | null = null
  let told: string | undefined
  for (;;) {
    signal.throwIfAborted()
    const began = performance.now()
    const holder = await runHolder(folder)
    const { size } = await stat(join(folder, journalFile)).catch(() => ({ size: 0 }))
    const now = `${size} ${holder?.pid}`
    const isNews = now !== seen
    if (run === null || isNews) run = await readRun(folder)
    seen = now
    const live = await readLive(folder, holder, run.lines.at(-1))
    if (isNews || live?.at !== told) {
      told = live?.at
      const glimpse = glimpseOf(run, statusOf(run, holder, live))
      yield { run, glimpse }
      if (glimpse.state !== 'running') return
    }
    const tookMs = performance.now() - began
    await wait(Math.max(everyMs, tookMs / mostShare), undefined, { signal })
  }
}

/** Like {@link followRun}, without the run. */
export async function* watchRun(choice: RunChoice, options: WatchOptions): AsyncGenerator<RunGlimpse, void, void> {
  for await (const { glimpse } of followRun(await findRun(choice), options)) yield glimpse
}

function glimpseOf(run: Run, status: RunStatus): RunGlimpse {
  const last = run.lines.findLast(({ event }) => event.type === 'point')?.event
  const perPoint = secondsPerPoint(run)
  const { missing } = status.points
  return {
    ...status,
    latest:
      last?.type === 'point' ? `${pointLabel(last.result.point)}: ${last.result.reason || last.result.status}` : null,
    latestFigures: latestPointLines(run),
    secondsLeft: perPoint === undefined || missing === 0 ? null : perPoint * missing,
  }
}
