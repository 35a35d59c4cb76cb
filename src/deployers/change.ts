import { type Deployment, type Role, roles, workersOf } from '../model/index.ts'
import { type Host, type Placed, placementOrders, placesFor } from './nodes/placement.ts'
import type { WorkerDesign } from './worker-design.ts'

/** Placement of a worker: its host, and its GPUs if Fulcrum assigns them. */
export interface WorkerSlot extends Placed {
  /** `prefill-0`: unique among the running workers. */
  readonly name: string
  readonly role: Role
  readonly signature: string
  /** Further nodes of the worker, by rank from 1; absent for a worker on one node. */
  readonly others?: readonly Placed[]
}

/** All placements of a worker, one for each of its nodes. */
export function placesOf({ host, gpus, others = [] }: Pick<WorkerSlot, 'host' | 'gpus' | 'others'>): readonly Placed[] {
  return [{ host, gpus }, ...others]
}

/** The change from the running workers to the wanted ones. */
export interface Change<Running extends WorkerSlot> {
  readonly keep: readonly Running[]
  readonly stop: readonly Running[]
  readonly start: readonly WorkerSlot[]
}

/**
 * The smallest change. Workers of the right role and design stay, and surplus ones with the highest numbers stop.
 * Missing ones take the lowest free names and the fullest hosts with room. If the remaining workers leave no room for a
 * missing one, but empty hosts would have it, all workers are placed anew.
 * @param running only workers that are fit to serve; the caller removes dead ones
 * @param order in which roles are placed; large workers must come first, because they would not fit later
 */
export function smallestChange<Running extends WorkerSlot>(
  running: readonly Running[],
  wanted: Deployment,
  designs: { readonly [role in Role]?: WorkerDesign },
  hosts: readonly Host[],
  order?: readonly Role[],
): Change<Running> {
  const orders = order === undefined ? placementOrders(wanted) : [order]
  const keep: Running[] = []
  for (const role of roles) {
    const fitting = running.filter(worker => worker.role === role && worker.signature === designs[role]?.signature)
    keep.push(...fitting.sort((a, b) => numberOf(a) - numberOf(b)).slice(0, workersOf(wanted.topology, role)))
  }
  const startBeside = (staying: readonly WorkerSlot[]) =>
    orders.map(each => missingWorkers(staying, wanted, designs, hosts, each)).find(start => start !== null)
  const start = startBeside(keep)
  if (start !== undefined) return { keep, stop: running.filter(worker => !keep.includes(worker)), start }
  return { keep: [], stop: running, start: startBeside([]) ?? [] }
}

/** The workers to start in addition to those that stay, by role; null if one does not fit. */
function missingWorkers(
  keep: readonly WorkerSlot[],
  wanted: Deployment,
  designs: { readonly [role in Role]?: WorkerDesign },
  hosts: readonly Host[],
  order: readonly Role[],
): readonly WorkerSlot[] | null {
  const start: WorkerSlot[] = []
  for (const role of order) {
    const design = designs[role]
    if (design === undefined) continue
    const kept = keep.filter(worker => worker.role === role).length
    for (let missing = workersOf(wanted.topology, role) - kept; missing > 0; missing--) {
      const taken = [...keep, ...start]
      const size = { gpus: design.gpusPerWorker, nodes: design.gang?.nodes ?? 1 }
      const places = placesFor(size, hosts, taken.flatMap(placesOf))
      if (places === null) return null
      const [place, ...others] = places
      const own = { name: freeName(role, taken), role, signature: design.signature, ...place }
      start.push(others.length === 0 ? own : { ...own, others })
    }
  }
  return start.sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role))
}

function numberOf({ name }: WorkerSlot): number {
  return Number(name.slice(name.lastIndexOf('-') + 1))
}

function freeName(role: Role, taken: readonly WorkerSlot[]): string {
  const names = new Set(taken.map(worker => worker.name))
  let number = 0
  while (names.has(`${role}-${number}`)) number++
  return `${role}-${number}`
}
