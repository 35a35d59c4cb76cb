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
import type { GpuSample, TimedSample } from './sample.ts'

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

/** The GPUs of one role at the moment, or all of them where nobody says whose they are. */
export interface GpusNow {
  readonly role: Role | null
  readonly gpus: number
  /** Mean of one GPU; null where its source doesn't say. */
  readonly powerW: number | null
  /** 0–1. */
  readonly utilization: number | null
}

/** Samples GPUs during a point. */
export interface GpuWatch extends AsyncDisposable {
  /** What the latest samples of the deployment's GPUs say; empty where it isn't known which they are. */
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
  /** The latest whole sample of each GPU, and when it came. */
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
      const gone = isAsked ? lost(sources) : []
      // Where a source was lost, its loss is why the energy is unknown.
      return { gpus, findings: gone.length === 0 ? findings : [...gone, ...findings.filter(isNoConsequence)] }
    },
    [Symbol.asyncDispose]: stop,
  }
}

/** Samples that are so many intervals old are of the past. */
const intervalsOfNow = 5

function gpusNow(sources: readonly Source[], sampleS: number, placement: Placement): readonly GpusNow[] {
  const sinceMs = nowMs() - 1000 * intervalsOfNow * sampleS
  const byId = new Map(sources.flatMap(({ latest }) => [...latest]).filter(([, { atMs }]) => atMs >= sinceMs))
  const found = [...byId.values()].map(sample => ({ ...sample, memoryMaxMib: sample.memoryUsedMib }))
  const { placed, trouble, assumed } = placeGpus(found, placement.deployment, placement.holders, placement.named)
  if (trouble !== null || (!placement.isAsked && assumed !== null)) return []
  return [...roles, null].flatMap(role => {
    const own = placed.filter(one => one.role === role).map(({ gpu }) => gpu)
    if (own.length === 0) return []
    const mean = (of: (sample: GpuSample) => number | null) => {
      const values = own.flatMap(gpu => of(gpu) ?? [])
      // The mean of some of them is not that of the role.
      return values.length < own.length ? null : values.reduce((sum, value) => sum + value, 0) / values.length
    }
    const [powerW, utilization] = [mean(gpu => gpu.powerW), mean(gpu => gpu.utilization)]
    return [{ role, gpus: own.length, powerW, utilization }]
  })
}

const isWhole = ({ powerW, utilization }: GpuSample): boolean => powerW !== null || utilization !== null

/** If several sources know a GPU, uses the first one with a counter. */
function merged(sources: readonly Source[]): Seen {
  const owner = new Map<string, Source>()
  const counts = (source: Source, id: string) =>
    source.seen.samples.some(sample => sample.id === id && sample.energyJ !== null)
  for (const source of sources)
    for (const id of new Set(source.seen.samples.map(sample => sample.id))) {
      const other = owner.get(id)
      if (other === undefined || (!counts(other, id) && counts(source, id))) owner.set(id, source)
    }
  const used = new Set(owner.values())
  return {
    source: [...new Set([...used].map(({ seen }) => seen.source))].join(', '),
    samples: sources.flatMap(source => source.seen.samples.filter(({ id }) => owner.get(id) === source)),
    twice: sources.flatMap(({ seen }) => seen.twice),
  }
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
