import { readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { diskError, errnoOf, refuseDangling } from './disk.ts'
import { sweepContentId } from './gather.ts'
import type { Manifest } from './manifest.ts'
import { sweepFolder } from './open-run.ts'
import { readManifest, type ScannedRun, scanRun } from './read-run.ts'

/** A run found on disk by its manifest; its journal is not read. */
export interface RunEntry {
  readonly folder: string
  readonly manifest: Manifest
}

/** All runs under a results folder, oldest first. Skips folders that are not runs. A missing folder has no runs. */
export async function listRuns(resultsRoot: string): Promise<readonly RunEntry[]> {
  const found: RunEntry[] = []
  for (const sweep of await foldersIn(resultsRoot))
    for (const run of await runsIn(join(resultsRoot, sweep))) found.push(run)
  return found.sort(byAge)
}

/**
 * Runs that were made under a results folder, oldest first: those in the folder of their sweep. A run that was copied
 * or checked in elsewhere can only be named by its folder and is never the newest.
 */
export async function runsMadeIn(resultsRoot: string): Promise<readonly RunEntry[]> {
  const runs = await listRuns(resultsRoot)
  return runs.filter(({ folder, manifest }) => dirname(folder) === sweepFolder(resultsRoot, manifest.sweep))
}

/** A run known by its names alone; no file of it is read. */
export interface RunName {
  readonly id: string
  /** Name of the folder of its sweep. */
  readonly sweep: string
  readonly folder: string
}

/** The names of the runs under a results folder, oldest first: `<sweep>/<UTC time>-<hash>/`. */
export async function runNamesIn(resultsRoot: string): Promise<readonly RunName[]> {
  const found: RunName[] = []
  for (const sweep of await foldersIn(resultsRoot))
    for (const id of await foldersIn(join(resultsRoot, sweep)))
      if (/^\d{8}T\d{6}Z-/.test(id)) found.push({ id, sweep, folder: join(resultsRoot, sweep, id) })
  return found.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}

/** Runs of one sweep, found by its name, oldest first. */
export async function runsOf(resultsRoot: string, sweepName: string): Promise<readonly RunEntry[]> {
  return runsIn(sweepFolder(resultsRoot, sweepName))
}

/** Runs in the same folder as a run, including itself, oldest first. */
export async function runsBeside(runFolder: string): Promise<readonly RunEntry[]> {
  return runsIn(dirname(resolve(runFolder)))
}

/** Result of looking for an earlier run of a sweep that can resume. */
export interface FoundRun {
  /** The run to resume; null if a new one is needed. */
  readonly run: ScannedRun | null
  /** Why the newest unfinished run cannot resume, a clause each; empty if there is none. */
  readonly changes: readonly string[]
}

/**
 * Finds the run that `fulcrum run` resumes: the newest with exactly this sweep file content and unchanged conditions,
 * among the runs newer than the last complete one.
 * @param changesOf changes since a run began, a clause each
 */
export async function runToGoOnWith(
  resultsRoot: string,
  sweep: { readonly name: string; readonly text: string },
  changesOf: (run: ScannedRun) => Promise<readonly string[]>,
): Promise<FoundRun> {
  const id = sweepContentId(sweep.text)
  const runs = await runsOf(resultsRoot, sweep.name)
  let why: readonly string[] = []
  for (const { folder, manifest } of runs.toReversed()) {
    if (manifest.sweepId !== id || manifest.only !== undefined) continue
    const run = await scanRun(folder)
    if (run.ended?.outcome === 'complete') break
    const changes = await changesOf(run)
    if (changes.length === 0) return { run, changes: [] }
    if (why.length === 0) why = changes
  }
  return { run: null, changes: why }
}

/** Newest unfinished run of any sweep made there; null if all are complete. */
export async function newestUnfinishedRun(resultsRoot: string): Promise<ScannedRun | null> {
  for (const { folder } of (await runsMadeIn(resultsRoot)).toReversed()) {
    const run = await scanRun(folder)
    if (run.ended?.outcome !== 'complete') return run
  }
  return null
}

/** Runs directly in a folder, oldest first. */
export async function runsIn(folder: string): Promise<readonly RunEntry[]> {
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
    if (errnoOf(error) === 'ENOENT') {
      await refuseDangling(folder).catch(cause => Promise.reject(diskError(cause, 'list the runs', folder)))
      return []
    }
    throw diskError(error, 'list the runs', folder)
  }
}

const byAge = (a: RunEntry, b: RunEntry): number =>
  a.manifest.createdAt < b.manifest.createdAt ? -1 : a.manifest.createdAt > b.manifest.createdAt ? 1 : 0
