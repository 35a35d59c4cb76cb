import type { GpusObserved } from '../../metrics/gpu.ts'
import type { Finding, Measurement } from '../../metrics/measurement.ts'
import { type Deployment, type GpuTelemetry, largest, type Role, roles } from '../../model/index.ts'
import { exporter } from './exporter.ts'
import type { GpuHosts } from './hosts.ts'
import { observeGpus, type Placement, type Seen } from './observe.ts'
import { placeGpus } from './place.ts'
import { commonIds, idsWithInstances } from './same-gpu.ts'
import type { GpuIdentity, GpuSample, TimedSample } from './sample.ts'
import { sampler } from './sampler.ts'
import { nowMs, type Source } from './source.ts'

/** Current values of the GPUs of one role, or of all GPUs if their roles are unknown. */
export interface GpusNow {
  readonly role: Role | null
  readonly gpus: number
  /** Mean per GPU; null if its source does not report it. */
  readonly powerW: number | null
  /** 0–1. */
  readonly utilization: number | null
}

/** Samples GPUs during a point. */
export interface GpuWatch extends AsyncDisposable {
  /** Latest values of the deployment's GPUs; empty if they are not identified. */
  now(deployment: Deployment): readonly GpusNow[]
  /** Resolves when every source has delivered a sample, or after a short limit. Load starts only then. */
  ready(): Promise<void>
  /** Summary of the measured window, available after it. */
  observed(
    window: Pick<Measurement, 'startedAt' | 'durationS'>,
    deployment: Deployment,
  ): Promise<{ readonly gpus: GpusObserved | null; readonly findings: readonly Finding[] }>
}

const readyLimitMs = 5_000

/**
 * Starts to sample the GPUs of a deployment: each machine with a program that runs there, each exporter over HTTP.
 * Never fails; findings report what could not be sampled.
 */
export function watchGpus(asked: Exclude<GpuTelemetry, 'off'>, machines: GpuHosts): GpuWatch {
  const settings = asked === 'auto' ? { dcgm: [], nvidiaSmi: true, sampleS: 1, devices: null } : asked
  const isAsked = asked !== 'auto'
  const sources: readonly Source[] = [
    ...settings.dcgm.map(url => exporter(url, settings.sampleS)),
    ...(settings.nvidiaSmi ? machines.hosts.map(host => sampler(host, settings.sampleS, machines)) : []),
  ]
  let stopped: Promise<void> | null = null
  const stop = () => {
    stopped ??= Promise.all(sources.map(source => source.stop())).then(() => {})
    return stopped
  }
  return {
    ready: async () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, readyLimitMs)
      await Promise.race([Promise.all(sources.map(({ spoke }) => spoke)), promise])
      clearTimeout(timer)
    },
    now: deployment =>
      gpusNow(sources, settings.sampleS, { deployment, holders: machines.holders, named: settings.devices, isAsked }),
    observed: async ({ startedAt, durationS }, deployment) => {
      await Promise.all(sources.map(source => source.last()))
      await stop()
      const startMs = Date.parse(startedAt) + (nowMs() - Date.now())
      const window = { startMs, endMs: startMs + 1000 * durationS }
      const seen = merged(sources)
      const placement = { deployment, holders: machines.holders, named: settings.devices, isAsked }
      const { gpus, findings } = observeGpus(seen, window, placement)
      const unreached = settings.nvidiaSmi && machines.hosts.length === 0
      const gone = [
        ...(isAsked ? [...(unreached ? [noMachine] : []), ...lost(sources, gpus?.energyJ ?? null)] : []),
        ...sharedGpus(seen, sources),
      ]
      // If a source was lost, that is why the energy is unknown.
      const isLost = gone.some(({ code }) => code === 'gpus-unobserved')
      return { gpus, findings: [...gone, ...(isLost ? findings.filter(isNoConsequence) : findings)] }
    },
    [Symbol.asyncDispose]: stop,
  }
}

/** Samples older than this many intervals are not current. */
const intervalsOfNow = 5

function gpusNow(sources: readonly Source[], sampleS: number, placement: Placement): readonly GpusNow[] {
  const sinceMs = nowMs() - 1000 * intervalsOfNow * Math.max(1, sampleS)
  const fresh = sources.map(({ latest }) => [...latest.values()].filter(({ atMs }) => atMs >= sinceMs))
  const ids = commonIds(sources.map(({ seen }, at) => ({ source: seen.source, gpus: fresh[at] ?? [] })))
  const parents = idsWithInstances(ids.flatMap(common => [...common.values()]))
  const byId = new Map<string, TimedSample>()
  for (const [at, samples] of fresh.entries())
    for (const sample of samples) {
      const common = ids[at]?.get(sample.id) ?? sample.id
      const first = byId.get(common)
      const placed = first === undefined ? sample : { ...first, ...placedAs(first, sample) }
      if (!parents.has(common)) byId.set(common, { ...placed, id: common })
    }
  const found = [...byId.values()].map(sample => ({ ...sample, memoryMaxMib: sample.memoryUsedMib }))
  const { placed, trouble, assumed } = placeGpus(found, placement.deployment, placement.holders, placement.named)
  if (trouble !== null || (!placement.isAsked && assumed !== null)) return []
  return [...roles, null].flatMap(role => {
    const own = placed.filter(one => one.role === role).map(({ gpu }) => gpu)
    if (own.length === 0) return []
    const mean = (of: (sample: GpuSample) => number | null) => {
      const values = own.flatMap(gpu => of(gpu) ?? [])
      // A mean over some of its GPUs is not the role's mean.
      return values.length < own.length ? null : values.reduce((sum, value) => sum + value, 0) / values.length
    }
    const [powerW, utilization] = [mean(gpu => gpu.powerW), mean(gpu => gpu.utilization)]
    return [{ role, gpus: own.length, powerW, utilization }]
  })
}

/** GPUs of all sources, without duplicates. */
interface Merged extends Seen {
  /** Number of GPUs that several sources know. */
  readonly shared: number
}

/**
 * Counts each GPU once, even if several sources know it: takes the samples of the first source with an energy counter
 * for it, otherwise of the first source. Other sources complete what that source does not report of its placement.
 */
function merged(sources: readonly Source[]): Merged {
  const known = sources.map(({ seen }) => ({ source: seen.source, gpus: gpusIn(seen.samples) }))
  const ids = commonIds(known)
  const parents = idsWithInstances(ids.flatMap(common => [...common.values()]))
  const owner = new Map<string, { readonly at: number; readonly id: string; readonly counts: boolean }>()
  const identities = new Map<string, GpuIdentity>()
  const holders = new Map<string, number>()
  for (const [at, { gpus }] of known.entries())
    for (const gpu of gpus) {
      const common = ids[at]?.get(gpu.id) ?? gpu.id
      if (parents.has(common)) continue
      const counts = sources[at]?.seen.samples.some(({ id, energyJ }) => id === gpu.id && energyJ !== null) ?? false
      const other = owner.get(common)
      holders.set(common, (holders.get(common) ?? 0) + 1)
      const isBetter = other === undefined || (counts && !other.counts)
      if (isBetter) owner.set(common, { at, id: gpu.id, counts })
      const before = identities.get(common)
      identities.set(common, before === undefined ? gpu : isBetter ? placedAs(gpu, before) : placedAs(before, gpu))
    }
  const owned = [...owner].map(([common, { at, id }]) => ({ common, at, id, seen: sources[at]?.seen }))
  return {
    source: [...new Set(owned.toSorted((a, b) => a.at - b.at).map(({ seen }) => seen?.source ?? ''))].join(', '),
    samples: owned.flatMap(({ common, id, seen }) => {
      const own = (seen?.samples ?? []).filter(sample => sample.id === id)
      if ((holders.get(common) ?? 0) < 2) return own
      const { index = null, model = null, pod = null } = identities.get(common) ?? {}
      return own.map(sample => ({
        ...sample,
        ...{ id: common, index: sample.index ?? index, model: sample.model ?? model, pod: sample.pod ?? pod },
      }))
    }),
    twice: owned.flatMap(({ common, id, seen }) => (seen?.twice.includes(id) ? [common] : [])),
    shared: [...holders.values()].filter(count => count > 1).length,
    unchangedS: largest([0, ...owned.map(({ seen }) => seen?.unchangedS ?? 0)]),
  }
}

/** Placement from one source, completed from another. */
const placedAs = (gpu: GpuIdentity, other: GpuIdentity): GpuIdentity => ({
  ...gpu,
  index: gpu.index ?? other.index,
  model: gpu.model ?? other.model,
  pod: gpu.pod ?? other.pod,
})

/** Each GPU once, as in its most informative sample. */
function gpusIn(samples: readonly GpuSample[]): readonly GpuIdentity[] {
  const found = new Map<string, GpuIdentity>()
  for (const sample of samples) {
    const before = found.get(sample.id)
    if (before === undefined || (before.index === null && sample.index !== null) || before.pod !== sample.pod)
      found.set(sample.id, before === undefined ? sample : placedAs(sample, before))
  }
  return [...found.values()]
}

function sharedGpus({ shared, source }: Merged, sources: readonly Source[]): readonly Finding[] {
  if (shared === 0) return []
  const all = sources.flatMap(({ what, seen }) => (seen.samples.length === 0 ? [] : [`${seen.source} (${what})`]))
  const gpus = shared === 1 ? 'One GPU is' : `${shared} GPUs are`
  const message = `${gpus} known to several sources: ${all.join(', ')}. Each is counted once, by the samples of ${source}`
  return [{ severity: 'note', code: 'gpus-seen-twice', message }]
}

const noMachine: Finding = {
  severity: 'warning',
  code: 'gpus-unobserved',
  message:
    'GPUs could not be observed: nvidia-smi cannot run on the machines of the workers with this deployer. Name DCGM exporters in telemetry.gpus.dcgm, or write telemetry: { gpus: auto }',
}

const isNoConsequence = ({ code }: Finding): boolean => code !== 'gpu-energy-unknown'

/** Reports sources without samples. The others may know the energy nevertheless. */
function lost(sources: readonly Source[], energyJ: number | null): readonly Finding[] {
  const troubles = sources.flatMap(({ what, trouble, seen }) =>
    trouble === null || seen.samples.length > 0 ? [] : [`${what}: ${trouble}`],
  )
  const [first, ...more] = troubles
  if (first === undefined) return []
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`
  const someSampled = sources.some(({ seen }) => seen.samples.length > 0)
  const energy = someSampled && energyJ === null ? ', so the energy of this point is unknown' : ''
  const message = `GPUs could not be observed${energy}: ${first}${others}. Correct telemetry.gpus, or write telemetry: { gpus: auto }`
  return [{ severity: 'warning', code: 'gpus-unobserved', message }]
}
