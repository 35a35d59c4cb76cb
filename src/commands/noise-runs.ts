import { resolve } from 'node:path'
import { type RunEntry, readRun, runsBeside } from '../journal/index.ts'
import type { Run } from '../journal/run.ts'

/** Runs up to the base that say how runs differ: what was long ago says little of now. */
const mostRuns = 20
/** With fewer up to the base, the next ones after it are taken too. */
const enoughRuns = 10

/**
 * The runs of the base's sweep that tell how its runs differ: those before the base, the youngest {@link mostRuns}.
 * Later ones would carry what is to be found into the noise, so they are taken only while there are too few, the oldest
 * first, and none that is younger than the head. A run of part of the points (`--only`), one that can't be read, the
 * base and the head are none of them.
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

/** When the younger of two runs began; ISO times sort as text. */
const latest = (...runs: readonly Run[]) =>
  runs
    .map(({ manifest }) => manifest.createdAt)
    .sort()
    .at(-1) ?? ''
