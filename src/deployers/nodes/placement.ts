import { type Deployment, gpusOf, largest, nodesPerWorker, type Role, roles, workersOf } from '../../model/index.ts'

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

/** Where one worker's nodes are, in the order of their ranks: distinct hosts. */
export type Places = readonly [Placed, ...Placed[]]

/** The size of one worker. */
export interface WorkerSize {
  readonly gpus: number
  readonly nodes: number
}

export function sizeOf(deployment: Deployment, role: Role): WorkerSize {
  return { gpus: deployment.gpusPerWorker[role], nodes: nodesPerWorker(deployment, role) }
}

/**
 * Places for one more worker, each on another host, with the same number of GPUs. Ranks follow the order of the hosts.
 * @returns null when too few hosts have room; a worker starts on all of its nodes or on none
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
 * Roles in the order in which their workers are placed on empty hosts: the largest first, as they fit nowhere later.
 */
export function rolesBySize(gpusPerWorker: { readonly [role in Role]: number }): readonly Role[] {
  return [...roles].sort((a, b) => gpusPerWorker[b] - gpusPerWorker[a])
}

/**
 * Orders of roles to try on empty hosts: those that need the most GPUs of one node first, and those that need the most
 * nodes first. Either may find room where the other does not.
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

/** Why a deployment has no room on empty hosts; null when it has. */
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

/** What keeps a worker of several nodes out: too few nodes are large enough, or too few have that much left. */
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
  const shape = `${size.gpus} GPUs on ${size.nodes} nodes`
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
  if (size > most) return `${workers} a ${role} worker of ${size} does not fit on any single node (${have})`
  return `${workers} only ${placed} of ${count} ${role} workers of ${size} fit (${have})`
}

const gpusText = (deployment: Deployment) => `${gpusOf(deployment)} GPU${gpusOf(deployment) === 1 ? '' : 's'}`
