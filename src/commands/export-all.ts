import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { originOf } from '../analysis/origin.ts'
import {
  diskError,
  fulcrumVersion,
  journalFile,
  listRuns,
  type RunEntry,
  readRun,
  writeWithFolders,
} from '../journal/index.ts'
import { FulcrumError } from '../model/index.ts'
import { formatNamed, type Table } from '../render/export/format.ts'
import { exportFormats } from '../render/export/formats.ts'

/** Result of an export of all runs. */
export interface ExportedAll {
  readonly to: string
  readonly written: number
  /** Runs whose files this version had already written from the same journal. */
  readonly unchanged: number
  /** Unreadable runs, each with the reason. */
  readonly unreadable: readonly { readonly folder: string; readonly why: string }[]
}

/** Content of the export folder. A nightly export uses it to write only new runs. */
interface Stamps {
  readonly version: string
  readonly format: string
  readonly runs: { readonly [path: string]: string }
}

const stampsFile = '_fulcrum.json'

/**
 * Writes every run below a results folder, partitioned for DuckDB, Spark and pandas: `sweep=NAME/run=ID/FILE`, beside a
 * table of the runs. Skips runs that have not changed since the last export to the same folder.
 * @param request.onRun called before each run with the number of finished runs
 * @throws FulcrumError (bad-input) `unknown-format`, `no-run`; (environment) if the disk refuses
 */
export async function exportAll({
  resultsRoot,
  format: formatName,
  to: place,
  onRun = () => {},
}: {
  readonly resultsRoot: string
  readonly format: string
  readonly to: string
  readonly onRun?: (done: number, of: number) => void
}): Promise<ExportedAll> {
  const format = formatNamed(formatName, exportFormats)
  const [root, to] = [resolve(resultsRoot), resolve(place)]
  const runs = onePerPartition(await listRuns(root))
  if (runs.size === 0)
    throw new FulcrumError('bad-input', 'no-run', `No runs in ${root}.`, {
      remedy: 'Give the folder that holds the runs with --out.',
    })
  const version = await fulcrumVersion()
  const before = await stampsIn(to, { version, format: format.name })
  const stamps: { [path: string]: string } = {}
  const unreadable: { folder: string; why: string }[] = []
  let written = 0
  let done = 0
  for (const [partition, { folder }] of runs) {
    onRun(done, runs.size)
    done += 1
    const stamp = await stampOf(folder)
    if (before[partition] === stamp && (await exists(join(to, partition)))) {
      stamps[partition] = stamp
      continue
    }
    try {
      const files = await format.write(await readRun(folder))
      await writeWithFolders(
        files.map(({ path, content }) => ({
          path: join(to, partition, path === '' ? (format.file ?? `points.${format.name}`) : path),
          content,
        })),
      ).catch(error => Promise.reject(diskError(error, 'write the export', to)))
    } catch (error) {
      if (!(error instanceof FulcrumError) || error.code !== 'journal-corrupt') throw error
      unreadable.push({ folder, why: error.message })
      continue
    }
    stamps[partition] = stamp
    written += 1
  }
  const kept: Stamps = { version, format: format.name, runs: stamps }
  const table = await format.table?.(tableOfRuns([...runs.values()]))
  await writeWithFolders([
    ...(table === undefined ? [] : [{ path: join(to, `runs.${format.name}`), content: table }]),
    { path: join(to, stampsFile), content: `${JSON.stringify(kept, null, 2)}\n` },
  ]).catch(error => Promise.reject(diskError(error, 'write the export', to)))
  return { to, written, unchanged: runs.size - written - unreadable.length, unreadable }
}

/** The table of runs, one row each. It joins with the points by `sweep` and `run`. */
function tableOfRuns(runs: readonly RunEntry[]): Table {
  return {
    columns: [
      { name: 'sweep', type: 'text' },
      { name: 'run', type: 'text' },
      { name: 'created_at', type: 'time' },
      { name: 'revision', type: 'text' },
      { name: 'uncommitted_changes', type: 'boolean' },
      { name: 'deployer', type: 'text' },
      { name: 'host', type: 'text' },
      { name: 'fulcrum', type: 'text' },
      { name: 'planned_points', type: 'integer' },
    ],
    rows: runs.map(({ manifest }) => [
      manifest.sweep,
      manifest.runId,
      manifest.createdAt,
      manifest.git?.revision ?? null,
      manifest.git?.dirty ?? null,
      originOf(manifest).deployer,
      manifest.host.name,
      manifest.versions.fulcrum,
      manifest.plan.points,
    ]),
  }
}

/** One run per partition: a run in two places, such as the copy of a baseline, is exported once. */
function onePerPartition(runs: readonly RunEntry[]): ReadonlyMap<string, RunEntry> {
  const found = new Map<string, RunEntry>()
  for (const run of runs) {
    const { sweep, runId } = run.manifest
    const path = `sweep=${encodeURIComponent(sweep)}/run=${encodeURIComponent(runId)}`
    if (!found.has(path)) found.set(path, run)
  }
  return found
}

/** Stamps of an earlier export. Empty if another version or format wrote it, so that everything is written again. */
async function stampsIn(to: string, by: Pick<Stamps, 'version' | 'format'>): Promise<Stamps['runs']> {
  const text = await readFile(join(to, stampsFile), 'utf8').catch(() => null)
  if (text === null) return {}
  try {
    const read: Partial<Stamps> = JSON.parse(text)
    return read.version === by.version && read.format === by.format ? (read.runs ?? {}) : {}
  } catch {
    return {}
  }
}

async function stampOf(folder: string): Promise<string> {
  const journal = await stat(join(folder, journalFile)).catch(() => null)
  return journal === null ? 'none' : `${journal.size} ${journal.mtimeMs}`
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
