import { type Check, missed, noticed, passed } from './check.ts'
import type { Machine } from './machine.ts'
import { packageVersions } from './versions.ts'

/** Prints the network interfaces and RDMA devices of a machine, and which interface has an address. */
export const devicesScript = `echo "interfaces $(ls -m /sys/class/net)"
echo "devices $(ls -m /sys/class/infiniband 2>/dev/null)"
command -v ip >/dev/null && echo "at $(ip -o -4 addr show to "$1" | { read -r _ name _ && echo "$name"; })"
exit 0`

/** Asks a machine's Python for the packages that ranks need. */
export async function checkPackages(
  machine: Machine,
  runtime: Parameters<typeof packageVersions>[1],
  packages: readonly string[],
): Promise<readonly Check[]> {
  if (packages.length === 0) return []
  const versions = await packageVersions(machine, runtime, packages)
  return judgePackages(packages, versions, runtime.python, machine.name)
}

/** Judges whether a machine's Python has the packages that ranks need, by their versions. */
export function judgePackages(
  packages: readonly string[],
  versions: readonly (string | null)[],
  python: string,
  where: string,
): readonly Check[] {
  return packages.map((name, i) => {
    const version = versions[i] ?? null
    if (version !== null) return passed('ranks', `${name} ${version} in ${python}`, where)
    const remedy = `Install it there in the engine’s Python: ${python} -m pip install ${name}.`
    return missed('ranks', `${python} has no ${name}, which the engine settings choose`, remedy, where)
  })
}

/** Network devices of a machine, over which its ranks communicate. */
export interface Devices {
  readonly interfaces: readonly string[]
  /** `mlx5_0`, … */
  readonly rdma: readonly string[]
  /** The interface with the node's address: '' if there is none, null if `ip` is not installed. */
  readonly atAddress: string | null
}

/** Reads what {@link devicesScript} printed. */
export function parseDevices(text: string): Devices {
  const line = (name: string) => new RegExp(`^${name} ?(.*)$`, 'm').exec(text)?.[1]
  const list = (said = '') => said.split(/,\s*/).filter(Boolean)
  return { interfaces: list(line('interfaces')), rdma: list(line('devices')), atAddress: line('at') ?? null }
}

/** Variables that select devices for ranks, and how each library reads its list. */
const choices = {
  NCCL_SOCKET_IFNAME: { of: 'interfaces', reads: 'prefixes' },
  GLOO_SOCKET_IFNAME: { of: 'interfaces', reads: 'names' },
  TP_SOCKET_IFNAME: { of: 'interfaces', reads: 'names' },
  NCCL_IB_HCA: { of: 'rdma', reads: 'prefixes' },
  UCX_NET_DEVICES: { of: 'both', reads: 'names' },
} as const

/** Device names in a variable that a machine doesn't have. Exclusions (`^`) need no device. */
function absent(variable: keyof typeof choices, value: string, { interfaces, rdma }: Devices): readonly string[] {
  const { of, reads } = choices[variable]
  const there = of === 'interfaces' ? interfaces : of === 'rdma' ? rdma : [...interfaces, ...rdma]
  if (value.startsWith('^') || value === 'all' || value === '') return []
  const isExact = reads === 'names' || value.startsWith('=')
  return value
    .replace(/^=/, '')
    .split(',')
    .map(name => name.trim())
    .filter(name => {
      // `mlx5_0:1` is a port of mlx5_0.
      const device = name.replace(/:.*$/, '')
      return !there.some(one => one === device || (!isExact && one.startsWith(device)))
    })
}

/**
 * Checks that a machine has the interfaces and RDMA devices that the environment names for NCCL, Gloo and UCX, and that
 * Fulcrum can find the interface with the machine's address.
 */
export function judgeDevices(
  env: { readonly [name: string]: string },
  devices: Devices,
  address: string,
  where: string,
): readonly Check[] {
  const given = (Object.keys(choices) as (keyof typeof choices)[]).filter(name => env[name] !== undefined)
  const wrong = given.flatMap(name => {
    const missing = absent(name, env[name] ?? '', devices)
    if (missing.length === 0) return []
    const { of } = choices[name]
    const found = [...(of === 'rdma' ? [] : devices.interfaces), ...(of === 'interfaces' ? [] : devices.rdma)]
    const detail = `${name} names ${missing.join(', ')}, and there is ${found.join(', ') || 'none'}`
    return [missed('ranks', detail, 'Correct it in deploy.env, or remove it.', where)]
  })
  if (wrong.length > 0) return wrong
  if (env.NCCL_SOCKET_IFNAME !== undefined && env.GLOO_SOCKET_IFNAME !== undefined)
    return [passed('ranks', `they meet on ${env.NCCL_SOCKET_IFNAME}`, where)]
  const { atAddress } = devices
  if (atAddress !== null && atAddress !== '') return [passed('ranks', `they meet on ${atAddress} (${address})`, where)]
  return [
    noticed(
      'ranks',
      atAddress === null
        ? 'ip is not installed, so NCCL and Gloo take the first interface that is up'
        : `no interface has ${address}, so NCCL and Gloo take the first one that is up`,
      'Set NCCL_SOCKET_IFNAME and GLOO_SOCKET_IFNAME in deploy.env.',
      where,
    ),
  ]
}
