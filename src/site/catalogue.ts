import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { loadLabel } from '../analysis/load-label.ts'
import { originOf } from '../analysis/origin.ts'
import { type RoleLoad, roleLoads } from '../analysis/role-loads.ts'
import {
  baselineOf,
  journalFile,
  listRuns,
  manifestFile,
  type Run,
  type RunEntry,
  readRun,
  runHolder,
} from '../journal/index.ts'
import { topologyLabel } from '../model/index.ts'
import { openInside } from './open-inside.ts'

/**
 * `running`, how its latest attempt ended, or `unfinished` for one that was killed; `unreadable` for a damaged journal.
 */
export type RunState = 'running' | 'complete' | 'interrupted' | 'failed' | 'budget' | 'unfinished' | 'unreadable'

/** A run as the list shows it and the search finds it. */
export interface RunSummary {
  readonly folder: string
  /** Names of the folders: a run's place below the results. */
  readonly place: { readonly sweep: string; readonly run: string }
  readonly sweep: string
  readonly runId: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly models: readonly string[]
  /** With `+` when there were uncommitted changes; empty outside a repository. */
  readonly revision: string
  readonly deployer: string
  readonly host: string
  readonly state: RunState
  /** Why it is unreadable; empty otherwise. */
  readonly problem: string
  readonly points: { readonly planned: number; readonly ok: number; readonly invalid: number; readonly failed: number }
  /** The valid point that was measured last; null before the first. */
  readonly latest: LatestPoint | null
  readonly isBaseline: boolean
  /** Changes whenever the journal changes. */
  readonly stamp: string
}

/** A point that was measured, as `/metrics` shows it; null for what was not observed. */
export interface LatestPoint {
  readonly workload: string
  readonly deployment: string
  readonly load: string
  readonly ttftP95Ms: number | null
  readonly itlP95Ms: number | null
  readonly outputTokensPerS: number | null
  readonly roles: readonly RoleLoad[]
}

export interface Catalogue {
  /** Youngest first. */
  list(): Promise<readonly RunSummary[]>
  /** By the names of its folders; null when there is no such run. */
  find(sweep: string, run: string): Promise<RunSummary | null>
}

type Read = Omit<RunSummary, 'isBaseline' | 'state'> & { readonly state: RunState | null }

/** Journals read concurrently; each may be large. */
const mostAtOnce = 4

/**
 * The runs below a results folder. A journal is read again only when it has changed. Runs whose manifest or journal is
 * a link are passed over: they may be anywhere.
 *
 * @param root its real path
 */
export function openCatalogue(root: string): Catalogue {
  const known = new Map<string, Read>()

  const summaryOf = async (entry: RunEntry, baseline: string | null): Promise<RunSummary | null> => {
    const stamp = await stampOf(root, entry.folder)
    if (stamp === null) return null
    const before = known.get(entry.folder)
    const read = before?.stamp === stamp ? before : await readSummary(entry, stamp)
    known.set(entry.folder, read)
    return { ...read, state: read.state ?? (await openState(entry.folder)), isBaseline: entry.folder === baseline }
  }

  const list = async () => {
    const entries = (await listRuns(root)).toReversed()
    const folders = [...new Set(entries.map(({ folder }) => dirname(folder)))]
    const baselines = new Map(await Promise.all(folders.map(async sweep => [sweep, await baselineIn(sweep)] as const)))
    const found: (RunSummary | null)[] = []
    for (let at = 0; at < entries.length; at += mostAtOnce) {
      const some = entries.slice(at, at + mostAtOnce)
      found.push(...(await Promise.all(some.map(one => summaryOf(one, baselines.get(dirname(one.folder)) ?? null)))))
    }
    return found.filter(summary => summary !== null)
  }

  return {
    list,
    find: async (sweep, run) => (await list()).find(({ place }) => place.sweep === sweep && place.run === run) ?? null,
  }
}

/** A damaged or missing baseline marks no run. */
const baselineIn = (sweepRuns: string) => baselineOf(sweepRuns).catch(() => null)

/** Null for a run whose manifest or journal is a link. */
async function stampOf(root: string, folder: string): Promise<string | null> {
  const segments = [basename(dirname(folder)), basename(folder)]
  const manifest = await openInside(root, [...segments, manifestFile])
  if (manifest === null) return null
  await manifest[Symbol.asyncDispose]()
  const journal = await stat(join(folder, journalFile)).catch(() => null)
  if (journal === null) return `none ${manifest.size}`
  const file = await openInside(root, [...segments, journalFile])
  if (file === null) return null
  await file[Symbol.asyncDispose]()
  return `${journal.size} ${journal.mtimeMs} ${manifest.size}`
}

async function readSummary({ folder, manifest }: RunEntry, stamp: string): Promise<Read> {
  const origin = originOf(manifest)
  const known = {
    folder,
    place: { sweep: basename(dirname(folder)), run: basename(folder) },
    sweep: manifest.sweep,
    runId: manifest.runId,
    createdAt: manifest.createdAt,
    revision: manifest.git === null ? '' : `${manifest.git.revision}${manifest.git.dirty ? '+' : ''}`,
    deployer: [origin.deployer, origin.about].filter(text => text !== '').join(', '),
    host: manifest.host.name,
    stamp,
  }
  try {
    const { results, lines, ended } = await readRun(folder)
    const count = (status: string) => results.filter(result => result.status === status).length
    return {
      ...known,
      models: [...new Set(results.map(result => result.point.deployment.model.name))],
      state: ended?.outcome ?? null,
      problem: '',
      points: { planned: manifest.plan.points, ok: count('ok'), invalid: count('invalid'), failed: count('failed') },
      latest: latestPoint(lines),
    }
  } catch (error) {
    return {
      ...known,
      models: [],
      state: 'unreadable',
      problem: error instanceof Error ? error.message : String(error),
      points: { planned: manifest.plan.points, ok: 0, invalid: 0, failed: 0 },
      latest: null,
    }
  }
}

function latestPoint(lines: Run['lines']): LatestPoint | null {
  const line = lines.findLast(({ event }) => event.type === 'point' && event.result.status === 'ok')
  if (line?.event.type !== 'point' || line.event.result.measurement === null) return null
  const { point, measurement } = line.event.result
  const { topology } = point.deployment
  return {
    workload: point.workload.name,
    deployment: topologyLabel(topology),
    load: loadLabel(point.load.level),
    ttftP95Ms: measurement.ttftMs?.p95 ?? null,
    itlP95Ms: measurement.itlMs?.p95 ?? null,
    outputTokensPerS: measurement.outputTokensPerS ?? null,
    roles: roleLoads(topology, measurement),
  }
}

/** State of a run without an end: a process holds it, or it was killed. */
async function openState(folder: string): Promise<RunState> {
  return (await runHolder(folder).catch(() => null)) === null ? 'unfinished' : 'running'
}
