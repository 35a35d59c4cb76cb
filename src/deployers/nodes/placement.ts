import { type Deployment, gpusOf, largest, type Role, roles, workersOf } from '../../model/index.ts'

/** A machine that workers are placed on. */
export interface Host {
  /** Null for this machine. */
  readonly name: string | null
  /** GPU indices that are handed out; null when none are. */
  readonly gpus: readonly number[] | null
  /** Workers that it takes at most when no GPUs are handed out; null for any number. */
  readonly maxWorkers: number | null
}

/** Where a worker runs, and what it holds there. */
export interface Placed {
  readonly host: string | null
  readonly gpus: readonly number[] | null
}

/**
 * The place for one more worker: of the hosts with room the one with the least of it, so that larger workers still fit
 * elsewhere; the first of equals.
 * @returns null when no host has room
 */
export function placeFor(gpusPerWorker: number, hosts: readonly Host[], taken: readonly Placed[]): Placed | null {
  let best: { readonly place: Placed; readonly room: number } | null = null
  for (const host of hosts) {
    const here = taken.filter(other => other.host === host.name)
    if (host.gpus === null) {
      const room = (host.maxWorkers ?? Number.POSITIVE_INFINITY) - here.length
      if (room >= 1 && best === null) best = { place: { host: host.name, gpus: null }, room: 0 }
      continue
    }
    const held = new Set(here.flatMap(other => other.gpus ?? []))
    const free = host.gpus.filter(gpu => !held.has(gpu))
    if (free.length < gpusPerWorker || (best !== null && best.room <= free.length)) continue
    best = { place: { host: host.name, gpus: free.slice(0, gpusPerWorker) }, room: free.length }
  }
  return best?.place ?? null
}

/**
 * Roles in the order in which their workers are placed on empty hosts: the largest first, as they fit nowhere later.
 */
export function rolesBySize(gpusPerWorker: { readonly [role in Role]: number }): readonly Role[] {
  return [...roles].sort((a, b) => gpusPerWorker[b] - gpusPerWorker[a])
}

/** Why a deployment has no room on empty hosts; null when it has. */
export function misfitOn(hosts: readonly Host[], deployment: Deployment): string | null {
  const taken: Placed[] = []
  for (const role of rolesBySize(deployment.gpusPerWorker)) {
    const size = deployment.gpusPerWorker[role]
    const count = workersOf(deployment.topology, role)
    for (let i = 0; i < count; i++) {
      const place = placeFor(size, hosts, taken)
      if (place === null) return describe(hosts, deployment, role, size, i, count)
      taken.push(place)
    }
  }
  return null
}

function describe(
  hosts: readonly Host[],
  deployment: Deployment,
  role: Role,
  size: number,
  placed: number,
  count: number,
): string {
  const workers = `it needs ${gpusOf(deployment)} GPUs, and`
  const room = hosts.map(({ name, gpus, maxWorkers }) => {
    const here = name ?? 'this machine'
    return gpus === null
      ? `${here} takes ${maxWorkers === 1 ? 'one worker' : 'any number'}`
      : `${here} has ${gpus.length}`
  })
  const have = room.join(', ')
  const most = largest(hosts.map(({ gpus }) => gpus?.length ?? Number.POSITIVE_INFINITY))
  if (size > most) return `${workers} a ${role} worker of ${size} does not fit on any single node (${have})`
  return `${workers} only ${placed} of ${count} ${role} workers of ${size} find room (${have})`
}
