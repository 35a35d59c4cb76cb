import { hostname } from 'node:os'
import { sameHost } from './place.ts'
import type { GpuIdentity } from './sample.ts'

/** The GPUs that one source knows. */
export interface KnownGpus {
  /** `nvml`, `nvidia-smi`, `dcgm`, `amd-smi`, `amd`. */
  readonly source: string
  readonly gpus: readonly GpuIdentity[]
}

/**
 * For each source, one common id for each of its GPUs: the id that the first source with this GPU gives it. Sources
 * name a GPU by its UUID, its serial number, its PCI bus address or its index, and not all know the same of these.
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

/** Whether two sources of one vendor mean the same GPU. */
function isSame(one: GpuIdentity, other: GpuIdentity): boolean {
  const isInstance = ({ id }: GpuIdentity) => id.includes('/GI')
  // A MIG device is known by its id only: it shares all else with the other devices of its GPU.
  if (isInstance(one) || isInstance(other)) return false
  const equal = (a: string | undefined, b: string | undefined) =>
    a === undefined || b === undefined ? null : a.toLowerCase() === b.toLowerCase()
  if (equal(one.uuid, other.uuid) === true || equal(one.serial, other.serial) === true) return true
  // The driver's UUIDs are the same in each of NVIDIA's tools. AMD's tools have several kinds of them.
  if ([one.uuid, other.uuid].every(uuid => uuid?.startsWith('GPU-'))) return false
  if (!sameHost(one.host ?? hostname(), other.host ?? hostname())) return false
  return equal(busOf(one), busOf(other)) ?? (one.index !== null && one.index === other.index)
}

/** `00000000:1B:00.0` and `0000:1b:00.0` are one address. */
const busOf = ({ bus }: GpuIdentity): string | undefined => bus?.replace(/^0{4}(?=[0-9a-f]{4}:)/i, '')

/** Ids of GPUs whose MIG devices are known too: what is said of the GPU is said of its devices. */
export function idsWithInstances(ids: Iterable<string>): ReadonlySet<string> {
  return new Set([...ids].flatMap(id => (id.includes('/GI') ? [id.replace(/\/GI.*$/, '')] : [])))
}
