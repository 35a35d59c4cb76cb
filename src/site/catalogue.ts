import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { loadLabel } from '../analysis/load-label.ts'
import { measuredPoints } from '../analysis/measured-point.ts'
import { originOf } from '../analysis/origin.ts'
import { recommend } from '../analysis/recommend.ts'
import { type RoleLoad, roleLoads } from '../analysis/role-loads.ts'
import { baselineOf, journalFile, manifestFile, type Run, readManifest, readRun, runHolder } from '../journal/index.ts'
import { figures } from '../metrics/figures/index.ts'
import { canonicalJson, topologyLabel } from '../model/index.ts'
import { isPlain } from './target.ts'

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
  /** The recommended point; null before the first valid one. */
  readonly best: BestPoint | null
  readonly isBaseline: boolean
  /** Changes whenever the journal changes. */
  readonly stamp: string
}

/** A point that a run recommends; null for what was not observed. */
export interface BestPoint {
  /** Output tokens/s/GPU. */
  readonly tokensPerSPerGpu: number
  /** Output tokens/s/user. */
  readonly tokensPerSPerUser: number | null
  readonly ttftP95Ms: number | null
  readonly gpus: number
  readonly workload: string
  readonly deployment: string
  readonly load: string
  /** Whether it meets the SLO of its workload; `none` without one. */
  readonly slo: 'met' | 'missed' | 'none'
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

/** A summary without what other files say, which may change while the run's own stay. */
export type KnownRun = Omit<RunSummary, 'isBaseline' | 'state'> & { readonly state: RunState | null }

export interface CatalogueOptions {
  /** What an earlier site read, by folder: a run with the same stamp is not read again. */
  readonly known?: ReadonlyMap<string, KnownRun>
  /** Called before each run that is read, with how many are read of how many. */
  readonly onRead?: (done: number, of: number) => void
  /** Called with all runs when some were read. */
  readonly keep?: (known: ReadonlyMap<string, KnownRun>) => Promise<void>
}

/** Journals read concurrently; each may be large. */
const mostAtOnce = 4

/** Folders looked at concurrently: file descriptors are few, the thread pool smaller. */
const mostLooks = 64

/**
 * The runs below a results folder. A run is read again only when its manifest or its journal has changed. Runs whose
 * manifest or journal is a link are left out: they would lead to files outside the folder.
 *
 * @param root its real path
 */
export function openCatalogue(root: string, { known: before, onRead, keep }: CatalogueOptions = {}): Catalogue {
  let known: ReadonlyMap<string, KnownRun> = before ?? new Map()
  let listing: Promise<readonly RunSummary[]> | null = null

  const list = async () => {
    const places = await placesIn(root)
    const stamps = await inBatches(places, mostLooks, place => stampOf(root, place))
    const stamped = places.flatMap((place, at) => {
      const stamp = stamps[at] ?? null
      return stamp === null ? [] : [{ place, stamp, folder: join(root, place.sweep, place.run) }]
    })
    const changed = stamped.filter(({ folder, stamp }) => known.get(folder)?.stamp !== stamp)
    let done = 0
    const read = await inBatches(changed, mostAtOnce, async run => {
      onRead?.(done, changed.length)
      done += 1
      return readSummary(run)
    })
    const all = new Map(read.flatMap(run => (run === null ? [] : [[run.folder, run] as const])))
    for (const { folder, stamp } of stamped) {
      const kept = known.get(folder)
      if (kept?.stamp === stamp) all.set(folder, kept)
    }
    const isNew = read.length > 0 || all.size !== known.size
    known = all
    if (isNew) await keep?.(all)
    const baselines = new Set(await inBatches(sweepsOf(places), mostLooks, sweep => baselineIn(join(root, sweep))))
    const runs = await inBatches([...all.values()], mostLooks, async run => ({
      ...run,
      state: run.state ?? (await openState(run.folder)),
      isBaseline: baselines.has(run.folder),
    }))
    return runs.sort(youngestFirst)
  }

  // Requests that come together share one look.
  const shared = () => {
    listing ??= list().finally(() => {
      listing = null
    })
    return listing
  }
  return {
    list: shared,
    find: async (sweep, run) =>
      (await shared()).find(({ place }) => place.sweep === sweep && place.run === run) ?? null,
  }
}

const youngestFirst = (a: RunSummary, b: RunSummary): number => {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? 1 : -1
  return a.folder < b.folder ? 1 : -1
}

const sweepsOf = (places: readonly RunSummary['place'][]) => [...new Set(places.map(({ sweep }) => sweep))]

/** Folders two levels below the root, hidden ones and links left out. */
async function placesIn(root: string): Promise<readonly RunSummary['place'][]> {
  const sweeps = await foldersIn(root)
  const runs = await inBatches(sweeps, mostLooks, sweep => foldersIn(join(root, sweep)))
  return sweeps.flatMap((sweep, at) => (runs[at] ?? []).map(run => ({ sweep, run })))
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isDirectory() && isPlain(entry.name)).map(({ name }) => name)
}

/** The results in the order of the items, of which so many are under way at a time. */
async function inBatches<T, R>(items: readonly T[], most: number, of: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += most)
    results.push(...(await Promise.all(items.slice(at, at + most).map(of))))
  return results
}

/** A damaged or missing baseline marks no run. */
const baselineIn = (sweepRuns: string) => baselineOf(sweepRuns).catch(() => null)

/** Null for what is no run, or one whose manifest or journal is a link. */
async function stampOf(root: string, { sweep, run }: RunSummary['place']): Promise<string | null> {
  const folder = join(root, sweep, run)
  const [manifest, journal] = await Promise.all(
    [manifestFile, journalFile].map(name => lstat(join(folder, name)).catch(() => null)),
  )
  if (!manifest?.isFile()) return null
  if (!journal) return `none ${manifest.size} ${manifest.mtimeMs}`
  return journal.isFile() ? `${journal.size} ${journal.mtimeMs} ${manifest.size} ${manifest.mtimeMs}` : null
}

/** Null for a folder whose manifest is none. */
async function readSummary({
  place,
  folder,
  stamp,
}: Pick<RunSummary, 'place' | 'folder' | 'stamp'>): Promise<KnownRun | null> {
  const manifest = await readManifest(folder).catch(() => null)
  if (manifest === null) return null
  const origin = originOf(manifest)
  const known = {
    folder,
    place,
    sweep: manifest.sweep,
    runId: manifest.runId,
    createdAt: manifest.createdAt,
    revision: manifest.git === null ? '' : `${manifest.git.revision}${manifest.git.dirty ? '+' : ''}`,
    deployer: [origin.deployer, origin.about].filter(text => text !== '').join(', '),
    host: manifest.host.name,
    stamp,
  }
  try {
    const run = await readRun(folder)
    const { results, lines, ended } = run
    const count = (status: string) => results.filter(result => result.status === status).length
    return {
      ...known,
      models: [...new Set(results.map(result => result.point.deployment.model.name))],
      state: ended?.outcome ?? null,
      problem: '',
      points: { planned: manifest.plan.points, ok: count('ok'), invalid: count('invalid'), failed: count('failed') },
      latest: latestPoint(lines),
      best: bestPoint(run),
    }
  } catch (error) {
    return {
      ...known,
      models: [],
      state: 'unreadable',
      problem: error instanceof Error ? error.message : String(error),
      points: { planned: manifest.plan.points, ok: 0, invalid: 0, failed: 0 },
      latest: null,
      best: null,
    }
  }
}

/** Of the points that `tune` would recommend for each workload, the one with the most tokens/s/GPU. */
function bestPoint(run: Run): BestPoint | null {
  const points = measuredPoints(run, figures)
  const workloads = [...Map.groupBy(points, point => canonicalJson(point.workload)).values()]
  const found = workloads.flatMap(alike => {
    const { basis, best } = recommend(alike)
    return best === null || best.y === null ? [] : [{ basis, best, tokensPerSPerGpu: best.y.mean }]
  })
  const [first] = found.toSorted((a, b) => b.tokensPerSPerGpu - a.tokensPerSPerGpu)
  if (first === undefined) return null
  const { best, basis, tokensPerSPerGpu } = first
  return {
    tokensPerSPerGpu,
    tokensPerSPerUser: best.x?.mean ?? null,
    ttftP95Ms: best.figures.ttft_p95_ms?.mean ?? null,
    gpus: best.gpus,
    workload: best.workload.name,
    deployment: best.label,
    load: loadLabel(best.load.level),
    slo: basis === 'slo' ? 'met' : basis === 'missed' ? 'missed' : 'none',
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
