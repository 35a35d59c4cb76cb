import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { loadLabel } from '../analysis/load-label.ts'
import { measuredPoints } from '../analysis/measured-point.ts'
import { originOf } from '../analysis/origin.ts'
import { recommend } from '../analysis/recommend.ts'
import { type RoleLoad, roleLoads } from '../analysis/role-loads.ts'
import { baselineOf, journalFile, manifestFile, type Run, readManifest, readRun, runHolder } from '../journal/index.ts'
import { ratesOf } from '../metrics/definitions.ts'
import { currencyOf } from '../metrics/figures/energy.ts'
import { figures } from '../metrics/figures/index.ts'
import { canonicalJson, topologyLabel } from '../model/index.ts'
import { isPlain } from './target.ts'

/**
 * `running`, how its latest attempt ended, or `unfinished` for one that was killed; `unreadable` for a damaged journal.
 */
export type RunState = 'running' | 'complete' | 'interrupted' | 'failed' | 'budget' | 'unfinished' | 'unreadable'

/** A run in the list and in searches. */
export interface RunSummary {
  readonly folder: string
  /** Names of the folders between the results folder and the run. */
  readonly place: { readonly sweep: string; readonly run: string }
  readonly sweep: string
  readonly runId: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly models: readonly string[]
  /** Ends with `+` if there were uncommitted changes; empty outside a repository. */
  readonly revision: string
  readonly deployer: string
  readonly host: string
  readonly state: RunState
  /** Why the run is unreadable; empty otherwise. */
  readonly problem: string
  readonly points: { readonly planned: number; readonly ok: number; readonly invalid: number; readonly failed: number }
  /** The valid point that was measured last; null if there is none. */
  readonly latest: LatestPoint | null
  /** The recommended point; null if there is no valid point. */
  readonly best: BestPoint | null
  readonly isBaseline: boolean
  /** Changes whenever the journal changes. */
  readonly stamp: string
}

/** A recommended point; null for unobserved figures. */
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

/** A measured point for `/metrics`; null for unobserved figures. */
export interface LatestPoint {
  readonly workload: string
  readonly deployment: string
  readonly load: string
  readonly ttftP95Ms: number | null
  readonly itlP95Ms: number | null
  readonly outputTokensPerS: number | null
  readonly roles: readonly RoleLoad[]
  /** Mean power of all GPUs together, W. */
  readonly gpuPowerW: number | null
  /** 0–1. */
  readonly gpuUtilization: number | null
  readonly energyPerOutputTokenJ: number | null
  readonly costPerMillionOutputTokens: number | null
  /** Currency of the cost; null without a price. */
  readonly currency: string | null
}

/** The runs of a results folder. */
export interface Catalogue {
  /** Newest first. */
  list(): Promise<readonly RunSummary[]>
  /** The run in the folder with these names; null if there is none. */
  find(sweep: string, run: string): Promise<RunSummary | null>
}

/** A summary without data from other files, which may change while the run's own files stay the same. */
export type KnownRun = Omit<RunSummary, 'isBaseline' | 'state'> & { readonly state: RunState | null }

/** Summaries to reuse, and callbacks. */
export interface CatalogueOptions {
  /** Summaries from an earlier start, by folder. A run with the same stamp is not read again. */
  readonly known?: ReadonlyMap<string, KnownRun>
  /** Called before each run is read, with the number of runs read and the total. */
  readonly onRead?: (done: number, of: number) => void
  /** Called with all runs after some were read. */
  readonly keep?: (known: ReadonlyMap<string, KnownRun>) => Promise<void>
}

/** Journals to read concurrently; each may be large. */
const mostAtOnce = 4

/** Folders to list concurrently. File descriptors are scarce, and the thread pool is small. */
const mostLooks = 64

/**
 * The runs below a results folder. A run is read again only when its manifest or its journal has changed. Runs whose
 * manifest or journal is a symbolic link are skipped, because they would lead to files outside the folder.
 * @param root real path of the folder
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

  // Concurrent requests share one scan.
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

/** Folders two levels below the root, without hidden ones and symbolic links. */
async function placesIn(root: string): Promise<readonly RunSummary['place'][]> {
  const sweeps = await foldersIn(root)
  const runs = await inBatches(sweeps, mostLooks, sweep => foldersIn(join(root, sweep)))
  return sweeps.flatMap((sweep, at) => (runs[at] ?? []).map(run => ({ sweep, run })))
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isDirectory() && isPlain(entry.name)).map(({ name }) => name)
}

/** Maps items concurrently, up to a limit, and keeps their order. */
async function inBatches<T, R>(items: readonly T[], most: number, of: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += most)
    results.push(...(await Promise.all(items.slice(at, at + most).map(of))))
  return results
}

/** With a damaged or missing baseline, no run is marked. */
const baselineIn = (sweepRuns: string) => baselineOf(sweepRuns).catch(() => null)

/** Null for a folder without a run, and for a run whose manifest or journal is a symbolic link. */
async function stampOf(root: string, { sweep, run }: RunSummary['place']): Promise<string | null> {
  const folder = join(root, sweep, run)
  const [manifest, journal] = await Promise.all(
    [manifestFile, journalFile].map(name => lstat(join(folder, name)).catch(() => null)),
  )
  if (!manifest?.isFile()) return null
  if (!journal) return `none ${manifest.size} ${manifest.mtimeMs}`
  return journal.isFile() ? `${journal.size} ${journal.mtimeMs} ${manifest.size} ${manifest.mtimeMs}` : null
}

/** Null for an invalid manifest. */
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

/** Of the points that `tune` recommends for each workload, the one with the most tokens/s/GPU. */
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
  const figure = (name: string) => figures.find(one => one.name === name)?.of(measurement, point.deployment) ?? null
  return {
    workload: point.workload.name,
    deployment: topologyLabel(topology),
    load: loadLabel(point.load.level),
    ttftP95Ms: measurement.ttftMs?.p95 ?? null,
    itlP95Ms: measurement.itlMs?.p95 ?? null,
    outputTokensPerS: ratesOf(measurement).outputTokensPerS,
    roles: roleLoads(topology, measurement),
    gpuPowerW: figure('gpu_power_mean_w'),
    gpuUtilization: figure('gpu_utilization_mean'),
    energyPerOutputTokenJ: figure('energy_per_output_token_j'),
    costPerMillionOutputTokens: figure('cost_per_million_output_tokens'),
    currency: currencyOf([measurement]),
  }
}

/** State of a run without an end event: in progress if a process holds its lock, otherwise killed. */
async function openState(folder: string): Promise<RunState> {
  return (await runHolder(folder).catch(() => null)) === null ? 'unfinished' : 'running'
}
