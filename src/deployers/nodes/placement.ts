import {
  counted,
  type Deployment,
  gpusOf,
  largest,
  nodesPerWorker,
  nodesSetting,
  type Role,
  roles,
  workersOf,
} from '../../model/index.ts'

/** A machine for workers. */
export interface Host {
  /** Null for this machine. */
  readonly name: string | null
  /** GPU indices to assign; null to assign none. */
  readonly gpus: readonly number[] | null
  /** Maximum workers if no GPUs are assigned; null for any number. */
  readonly maxWorkers: number | null
}

/** Where a worker runs, and its GPUs there. */
export interface Placed {
  readonly host: string | null
  readonly gpus: readonly number[] | null
}

/**
 * Place for one more worker: the host with the least sufficient room, so that larger workers still fit elsewhere; the
 * first of equals.
 * @returns null if no host has room
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

/** Hosts of one worker's nodes in rank order; all different. */
export type Places = readonly [Placed, ...Placed[]]

/** The size of one worker. */
export interface WorkerSize {
  readonly gpus: number
  readonly nodes: number
}

/** Size of one worker of a role. */
export function sizeOf(deployment: Deployment, role: Role): WorkerSize {
  return { gpus: deployment.gpusPerWorker[role], nodes: nodesPerWorker(deployment, role) }
}

/**
 * Places for one more worker on different hosts, with the same number of GPUs on each. Ranks follow the order of hosts.
 * @returns null if too few hosts have room; a worker starts on all of its nodes or on none
 */
export function placesFor(
  { gpus, nodes }: WorkerSize,
  hosts: readonly Host[],
  taken: readonly Placed[],
): Places | null {
  const found: Placed[] = []
  while (found.length < nodes) {
    const others = hosts.filter(({ name }) => !found.some(({ host }) => host === name))
    const place = placeFor(Math.ceil(gpus / nodes), others, taken)
    if (place === null) return null
    found.push(place)
  }
  const order = hosts.map(({ name }) => name)
  const [first, ...rest] = found.sort((a, b) => order.indexOf(a.host) - order.indexOf(b.host))
  return first === undefined ? null : [first, ...rest]
}

/**
 * Roles in the order in which their workers are placed on empty hosts: largest first, because they would not fit later.
 */
export function rolesBySize(gpusPerWorker: { readonly [role in Role]: number }): readonly Role[] {
  return [...roles].sort((a, b) => gpusPerWorker[b] - gpusPerWorker[a])
}

/**
 * Orders of roles to try on empty hosts: by the most GPUs on one node, and by the most nodes. Either may succeed where
 * the other does not.
 */
export function placementOrders(deployment: Deployment): readonly (readonly Role[])[] {
  const perNode = (role: Role) => deployment.gpusPerWorker[role] / nodesPerWorker(deployment, role)
  const nodes = (role: Role) => nodesPerWorker(deployment, role)
  if (roles.every(role => nodes(role) === 1)) return [rolesBySize(deployment.gpusPerWorker)]
  return [
    [...roles].sort((a, b) => perNode(b) - perNode(a) || nodes(b) - nodes(a)),
    [...roles].sort((a, b) => nodes(b) - nodes(a) || perNode(b) - perNode(a)),
  ]
}

/** Why a deployment does not fit on empty hosts; null if it does. */
export function misfitOn(hosts: readonly Host[], deployment: Deployment): string | null {
  const found = placementOrders(deployment).map(order => misfitInOrder(hosts, deployment, order))
  return found.includes(null) ? null : (found[0] ?? null)
}

function misfitInOrder(hosts: readonly Host[], deployment: Deployment, order: readonly Role[]): string | null {
  const taken: Placed[] = []
  for (const role of order) {
    const size = sizeOf(deployment, role)
    const count = workersOf(deployment.topology, role)
    for (let placed = 0; placed < count; placed++) {
      const places = placesFor(size, hosts, taken)
      if (places !== null) taken.push(...places)
      else if (size.nodes === 1) return describe(hosts, deployment, role, size.gpus, placed, count)
      else return describeSpread(hosts, deployment, { role, size, placed, count, taken })
    }
  }
  return null
}

/** Why a worker of several nodes does not fit: too few nodes are large enough, or too few have enough room left. */
function describeSpread(
  hosts: readonly Host[],
  deployment: Deployment,
  stuck: {
    readonly role: Role
    readonly size: WorkerSize
    readonly placed: number
    readonly count: number
    readonly taken: readonly Placed[]
  },
): string {
  const { role, size, placed, count, taken } = stuck
  const each = Math.ceil(size.gpus / size.nodes)
  const held = ({ name }: Host) => taken.filter(({ host }) => host === name).flatMap(({ gpus }) => gpus ?? [])
  const left = hosts.map(host => {
    const here = host.name ?? 'this machine'
    if (host.gpus !== null) return `${here} has ${host.gpus.length - held(host).length} of ${host.gpus.length} free`
    return `${here} ${taken.some(other => other.host === host.name) ? 'is taken' : 'is free'}`
  })
  const shape = `${counted(size.gpus, 'GPU')} on ${size.nodes} nodes`
  const which = count === 1 ? `its ${role} worker` : `${role} worker ${placed + 1} of ${count}`
  const needs = `${which} of ${shape} needs ${size.nodes} nodes with ${each} free GPU${each === 1 ? '' : 's'} each`
  return `it needs ${gpusText(deployment)}, and ${needs} (${left.join(', ')})`
}

function describe(
  hosts: readonly Host[],
  deployment: Deployment,
  role: Role,
  size: number,
  placed: number,
  count: number,
): string {
  const workers = `it needs ${gpusText(deployment)}, and`
  const room = hosts.map(({ name, gpus, maxWorkers }) => {
    const here = name ?? 'this machine'
    return gpus === null
      ? `${here} takes ${maxWorkers === 1 ? 'one worker' : 'any number'}`
      : `${here} has ${gpus.length}`
  })
  const have = room.join(', ')
  const most = largest(hosts.map(({ gpus }) => gpus?.length ?? Number.POSITIVE_INFINITY))
  const unspread = hosts.length > 1 ? ` without ${nodesSetting}` : ''
  if (size > most) return `${workers} a ${role} worker of ${size} does not fit on any single node${unspread} (${have})`
  return `${workers} only ${placed} of ${count} ${role} workers of ${size} fit (${have})`
}

const gpusText = (deployment: Deployment) => `${gpusOf(deployment)} GPU${gpusOf(deployment) === 1 ? '' : 's'}`
