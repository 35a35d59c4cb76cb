import { resolve } from 'node:path'
import { type RunEntry, readRun, runsBeside } from '../journal/index.ts'
import type { Run } from '../journal/run.ts'

/** Maximum number of runs before the base, because older runs say little about the present. */
const mostRuns = 20
/** With fewer runs before the base, later ones are used too. */
const enoughRuns = 10

/**
 * Runs of the base's sweep that show how much its runs differ: the newest {@link mostRuns} before the base. Later runs
 * would count the change that is to be found as noise. They are therefore used only if there are too few earlier ones:
 * the oldest first, and none that is newer than the head. Excludes unreadable runs, runs with `--only`, the base and
 * the head.
 */
export async function noiseRuns(base: Run, head: Run): Promise<readonly Run[]> {
  const entries = await runsBeside(base.folder)
  const own = new Set([base, head].map(run => resolve(run.folder)))
  const others = entries.filter(
    ({ folder, manifest }) =>
      !own.has(resolve(folder)) &&
      manifest.runId !== head.manifest.runId &&
      manifest.sweep === base.manifest.sweep &&
      manifest.only === undefined &&
      manifest.createdAt < latest(base, head),
  )
  const isBefore = ({ manifest }: RunEntry) => manifest.createdAt < base.manifest.createdAt
  const before = others.filter(isBefore).slice(1 - mostRuns)
  const after = others.filter(entry => !isBefore(entry)).slice(0, Math.max(0, enoughRuns - 1 - before.length))
  const read = await Promise.all([...before, ...after].map(({ folder }) => readRun(folder).catch(() => null)))
  return read.filter(run => run !== null).filter(run => run.results.some(({ status }) => status === 'ok'))
}

/** Start of the newer of two runs. ISO times sort as text. */
const latest = (...runs: readonly Run[]) =>
  runs
    .map(({ manifest }) => manifest.createdAt)
    .sort()
    .at(-1) ?? ''
