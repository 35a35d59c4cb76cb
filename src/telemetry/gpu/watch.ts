import type { GpusObserved } from '../../metrics/gpu.ts'
import type { Finding, Measurement } from '../../metrics/measurement.ts'
import { type Deployment, type GpuTelemetry, type Role, roles } from '../../model/index.ts'
import { parseExposition } from '../exposition.ts'
import { amdSmiReader } from './amd-smi.ts'
import { announcement, samplerCommand } from './command.ts'
import { exporterPage } from './dcgm.ts'
import { smiReader } from './nvidia-smi.ts'
import { parseNvmlLine, type SampleLine } from './nvml.ts'
import { observeGpus, type Placement, type Seen } from './observe.ts'
import { type GpuHolder, placeGpus } from './place.ts'
import { commonIds, idsWithInstances } from './same-gpu.ts'
import type { GpuIdentity, GpuSample, TimedSample } from './sample.ts'

/** A program that runs on a machine until it is stopped. */
export interface Following {
  stop(): Promise<void>
  readonly ended: Promise<unknown>
}

/** The machines of the workers, and how to run a program there. */
export interface GpuHosts {
  readonly holders: readonly GpuHolder[]
  /** Machines with workers; null for this one. */
  readonly hosts: readonly (string | null)[]
  /** Text in the environment of every process of the deployment on that machine; empty if there is none. */
  markOf(host: string | null): string
  follow(
    host: string | null,
    argv: readonly [program: string, ...args: string[]],
    onLine: (line: string) => void,
  ): Promise<Following>
}

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
const pageLimitMs = 5_000
const stopLimitMs = 10_000
/** The fastest lines determine the offset of a machine's clock. Lines with a larger delay than this are late. */
const mostLateMs = 60_000
const mostOfAPage = 120

/** State of one source. */
interface Source {
  readonly what: string
  readonly seen: Seen
  trouble: string | null
  readonly spoke: Promise<void>
  /** The latest complete sample of each GPU, and when it arrived. */
  readonly latest: Map<string, TimedSample>
  stop(): Promise<void>
  /** Takes one more sample, for sources that are polled. */
  last(): Promise<void>
}

/** Milliseconds of the wall clock, without its jumps. */
const nowMs = () => performance.timeOrigin + performance.now()

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
        ...(isAsked ? [...(unreached ? [noMachine] : []), ...lost(sources)] : []),
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

const isWhole = ({ powerW, utilization }: GpuSample): boolean => powerW !== null || utilization !== null

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

function lost(sources: readonly Source[]): readonly Finding[] {
  const troubles = sources.flatMap(({ what, trouble, seen }) =>
    trouble === null || seen.samples.length > 0 ? [] : [`${what}: ${trouble}`],
  )
  const [first, ...more] = troubles
  if (first === undefined) return []
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`
  const energy = sources.some(({ seen }) => seen.samples.length > 0) ? ', so the energy of this point is unknown' : ''
  const message = `GPUs could not be observed${energy}: ${first}${others}. Correct telemetry.gpus, or write telemetry: { gpus: auto }`
  return [{ severity: 'warning', code: 'gpus-unobserved', message }]
}

type LineReader = (line: string, host: string | null) => SampleLine | null

/** Parser of each sampler's lines. */
const readers: { readonly [sampler: string]: () => LineReader } = {
  nvml: () => parseNvmlLine,
  'nvidia-smi': smiReader,
  'amd-smi': amdSmiReader,
}

/** Samples the GPUs of a machine with a program that runs there. */
function sampler(host: string | null, sampleS: number, machines: GpuHosts): Source {
  const samples: TimedSample[] = []
  const seen = { source: 'nvml', samples, twice: [] }
  const spoke = Promise.withResolvers<void>()
  const again: (() => void)[] = []
  let parse: LineReader | null = null
  let offsetMs = Number.POSITIVE_INFINITY
  const sent: { readonly atMs: number; readonly sample: GpuSample }[] = []
  const source: Source = {
    what: host === null ? 'this machine' : `node ${host}`,
    seen,
    trouble: null,
    spoke: spoke.promise,
    latest: new Map(),
    stop: async () => {
      const following = await started
      await following?.stop()
    },
    last: async () => {
      const alive = Promise.withResolvers<void>()
      again.push(alive.resolve)
      const timer = setTimeout(alive.resolve, Math.min(stopLimitMs, 2 * sampleS * 1000))
      await Promise.race([alive.promise, ended])
      clearTimeout(timer)
      // Lines have timestamps of that machine. The fastest lines determine its clock offset.
      for (const { atMs, sample } of sent.splice(0)) samples.push({ ...sample, atMs: atMs + offsetMs })
    },
  }
  const take = (line: string) => {
    const announced = announcement.exec(line.trim())?.[1]
    if (announced !== undefined) {
      seen.source = announced
      parse = readers[announced]?.() ?? null
      if (announced !== 'none') return
      source.trouble = 'neither NVML with Python nor nvidia-smi is available, nor amd-smi'
      spoke.resolve()
      return
    }
    const read = parse?.(line, host) ?? null
    if (read === null || !Number.isFinite(read.sentMs)) return
    const ahead = nowMs() - read.sentMs
    // If the clock was set, the offset starts anew.
    if (Math.abs(ahead - offsetMs) > mostLateMs && sent.length > 0) sent.length = 0
    offsetMs = sent.length === 0 ? ahead : Math.min(offsetMs, ahead)
    for (const sample of read.samples) {
      sent.push({ atMs: read.sentMs, sample })
      if (isWhole(sample)) source.latest.set(sample.id, { ...sample, atMs: nowMs() })
    }
    spoke.resolve()
    for (const resolve of again.splice(0)) resolve()
  }
  const started = machines
    .follow(host, samplerCommand(sampleS, machines.markOf(host)), take)
    .catch((error: unknown) => {
      source.trouble = error instanceof Error ? error.message : String(error)
      spoke.resolve()
      return null
    })
  const ended = started.then(async following => {
    await following?.ended
    if (sent.length === 0) source.trouble ??= 'the sampler ended without a sample'
    spoke.resolve()
  })
  return source
}

/** Samples the page of an exporter. */
function exporter(url: string, sampleS: number): Source {
  const samples: TimedSample[] = []
  const twice: string[] = []
  const seen = { source: 'dcgm', samples, twice }
  const spoke = Promise.withResolvers<void>()
  let looking: Promise<void> | null = null
  const look = (): Promise<void> => {
    looking ??= read().finally(() => {
      looking = null
      spoke.resolve()
    })
    return looking
  }
  const read = async () => {
    const beganMs = nowMs()
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(pageLimitMs) })
      const text = await response.text()
      if (!response.ok) {
        source.trouble ??= `HTTP ${response.status}`
        return
      }
      const page = exporterPage(parseExposition(text))
      if (page === null) {
        const start = text.trim().slice(0, mostOfAPage).replace(/\s+/g, ' ')
        source.trouble ??= `the page has no DCGM_FI_… or AMD gpu_… metrics; it starts with: ${start}`
        return
      }
      seen.source = page.source
      const atMs = (beganMs + nowMs()) / 2
      const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname)
      for (const sample of page.samples) {
        const timed = { ...sample, host: isHere ? null : sample.host, atMs }
        samples.push(timed)
        if (isWhole(timed)) source.latest.set(timed.id, timed)
      }
      for (const id of page.twice) if (!twice.includes(id)) twice.push(id)
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
      source.trouble ??= cause instanceof Error ? cause.message : String(cause)
    }
  }
  const timer = setInterval(look, sampleS * 1000)
  const source: Source = {
    what: url,
    seen,
    trouble: null,
    spoke: spoke.promise,
    latest: new Map(),
    stop: async () => {
      clearInterval(timer)
      await looking
    },
    last: look,
  }
  void look()
  return source
}
