import { amdSmiReader } from './amd-smi.ts'
import { announcement, samplerCommand } from './command.ts'
import type { GpuHosts } from './hosts.ts'
import { smiReader } from './nvidia-smi.ts'
import { parseNvmlLine, type SampleLine } from './nvml.ts'
import type { GpuSample, TimedSample } from './sample.ts'
import { isWhole, nowMs, type Source } from './source.ts'

const stopLimitMs = 10_000
/** The fastest lines determine the offset of a machine's clock. Lines with a larger delay than this are late. */
const mostLateMs = 60_000

type LineReader = (line: string, host: string | null) => SampleLine | null

/** Parser of each sampler's lines. */
const readers: { readonly [sampler: string]: () => LineReader } = {
  nvml: () => parseNvmlLine,
  'nvidia-smi': smiReader,
  'amd-smi': amdSmiReader,
}

/** Samples the GPUs of a machine with a program that runs there. */
export function sampler(host: string | null, sampleS: number, machines: GpuHosts): Source {
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
