import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { diskError, errnoOf } from './disk.ts'
import { sweepContentId } from './gather.ts'
import type { Manifest } from './manifest.ts'
import { sweepFolder } from './open-run.ts'
import { readManifest, readRun } from './read-run.ts'

/** A run found on disk, known by its manifest; its journal is not read. */
export interface RunEntry {
  readonly folder: string
  readonly manifest: Manifest
}

/** Every run under a results folder, oldest first. Folders that are no runs are passed over; no folder means no runs. */
export async function listRuns(resultsRoot: string): Promise<readonly RunEntry[]> {
  const found: RunEntry[] = []
  for (const sweep of await foldersIn(resultsRoot))
    for (const run of await runsIn(join(resultsRoot, sweep))) found.push(run)
  return found.sort(byAge)
}

/** The runs of one sweep by its name, oldest first. */
export async function runsOf(resultsRoot: string, sweepName: string): Promise<readonly RunEntry[]> {
  return runsIn(sweepFolder(resultsRoot, sweepName))
}

/** The youngest run of a sweep by name; null when there is none. */
export async function latestRun(resultsRoot: string, sweepName: string): Promise<RunEntry | null> {
  return (await runsOf(resultsRoot, sweepName)).at(-1) ?? null
}

/**
 * The run that `fulcrum run` goes on with: the youngest run of all of this very sweep file content, if it hasn't come to
 * its end; null when a new one should be made.
 */
export async function unfinishedRun(
  resultsRoot: string,
  sweep: { readonly name: string; readonly text: string },
): Promise<RunEntry | null> {
  const id = sweepContentId(sweep.text)
  const runs = await runsOf(resultsRoot, sweep.name)
  const youngest = runs.findLast(({ manifest }) => manifest.sweepId === id && manifest.only === undefined)
  if (youngest === undefined) return null
  return (await readRun(youngest.folder)).ended?.outcome === 'complete' ? null : youngest
}

/** The youngest run of any sweep that hasn't come to its end; null when all have. */
export async function newestUnfinishedRun(resultsRoot: string): Promise<RunEntry | null> {
  for (const entry of (await listRuns(resultsRoot)).toReversed())
    if ((await readRun(entry.folder)).ended?.outcome !== 'complete') return entry
  return null
}

async function runsIn(folder: string): Promise<RunEntry[]> {
  const entries: RunEntry[] = []
  for (const name of await foldersIn(folder)) {
    const manifest = await readManifest(join(folder, name)).catch(() => null)
    if (manifest !== null) entries.push({ folder: join(folder, name), manifest })
  }
  return entries.sort(byAge)
}

async function foldersIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter(entry => entry.isDirectory() && !entry.name.startsWith('.')).map(entry => entry.name)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw diskError(error, 'list the runs', folder)
  }
}

const byAge = (a: RunEntry, b: RunEntry): number =>
  a.manifest.createdAt < b.manifest.createdAt ? -1 : a.manifest.createdAt > b.manifest.createdAt ? 1 : 0
