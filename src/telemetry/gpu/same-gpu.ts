import { hostname } from 'node:os'
import { sameHost } from './place.ts'
import type { GpuIdentity } from './sample.ts'

/** GPUs as one source knows them. */
export interface KnownGpus {
  /** `nvml`, `nvidia-smi`, `dcgm`, `amd-smi`, `amd`. */
  readonly source: string
  readonly gpus: readonly GpuIdentity[]
}

/**
 * For each source, a common id per GPU: the id from the first source that has this GPU. Sources name a GPU by its UUID,
 * serial number, PCI bus address or index, and not every source knows all of these.
 */
export function commonIds(sources: readonly KnownGpus[]): readonly ReadonlyMap<string, string>[] {
  const known: { readonly source: number; readonly vendor: string; readonly gpu: GpuIdentity }[] = []
  return sources.map(({ source, gpus }, at) => {
    const vendor = source.startsWith('amd') ? 'amd' : 'nvidia'
    const ids = new Map(
      gpus.map(gpu => {
        const others = known.filter(one => one.source !== at && one.vendor === vendor)
        const same = others.find(one => one.gpu.id === gpu.id) ?? others.find(one => isSame(one.gpu, gpu))
        return [gpu.id, same?.gpu.id ?? gpu.id] as const
      }),
    )
    for (const gpu of gpus) if (ids.get(gpu.id) === gpu.id) known.push({ source: at, vendor, gpu })
    return ids
  })
}

/** Whether GPUs from two sources of one vendor are the same. */
function isSame(one: GpuIdentity, other: GpuIdentity): boolean {
  const isInstance = ({ id }: GpuIdentity) => id.includes('/GI')
  // Only its id identifies a MIG device. It shares everything else with the other devices of its GPU.
  if (isInstance(one) || isInstance(other)) return false
  const equal = (a: string | undefined, b: string | undefined) =>
    a === undefined || b === undefined ? null : a.toLowerCase() === b.toLowerCase()
  if (equal(one.uuid, other.uuid) === true || equal(one.serial, other.serial) === true) return true
  // UUIDs are the same in all of NVIDIA's tools. AMD's tools have several kinds.
  if ([one.uuid, other.uuid].every(uuid => uuid?.startsWith('GPU-'))) return false
  if (!sameHost(one.host ?? hostname(), other.host ?? hostname())) return false
  return equal(busOf(one), busOf(other)) ?? (one.index !== null && one.index === other.index)
}

/** `00000000:1B:00.0` and `0000:1b:00.0` are the same address. */
const busOf = ({ bus }: GpuIdentity): string | undefined => bus?.replace(/^0{4}(?=[0-9a-f]{4}:)/i, '')

/** Ids of the GPUs whose MIG devices are among these ids. Such a GPU must not be counted beside its devices. */
export function idsWithInstances(ids: Iterable<string>): ReadonlySet<string> {
  return new Set([...ids].flatMap(id => (id.includes('/GI') ? [id.replace(/\/GI.*$/, '')] : [])))
}
