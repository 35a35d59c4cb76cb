import { type Deployment, type Role, roles, workersOf } from '../../point/index.ts'
import type { WorkerDesign } from './commands.ts'

/** A worker's place in a deployment. */
export interface WorkerSlot {
  /** `prefill-0`: unique among the workers that run. */
  readonly name: string
  readonly role: Role
  readonly signature: string
  /** GPU indices that it holds; null when Fulcrum hands none out. */
  readonly gpus: readonly number[] | null
}

/** How to get from the workers that run to those that are wanted. */
export interface Change<Running extends WorkerSlot> {
  readonly keep: readonly Running[]
  readonly stop: readonly Running[]
  readonly start: readonly WorkerSlot[]
}

/**
 * The smallest change: workers of the right role and design stay, surplus ones of the highest number go, missing ones
 * take the lowest free names and the lowest free GPUs.
 * @param running only workers that are fit to serve; dead ones are somebody else's to clear away
 */
export function smallestChange<Running extends WorkerSlot>(
  running: readonly Running[],
  wanted: Deployment,
  designs: { readonly [role in Role]?: WorkerDesign },
  gpus: readonly number[] | null,
): Change<Running> {
  const keep: Running[] = []
  for (const role of roles) {
    const fitting = running.filter(worker => worker.role === role && worker.signature === designs[role]?.signature)
    keep.push(...fitting.sort((a, b) => numberOf(a) - numberOf(b)).slice(0, workersOf(wanted.topology, role)))
  }
  const stop = running.filter(worker => !keep.includes(worker))
  const start: WorkerSlot[] = []
  for (const role of roles) {
    const design = designs[role]
    if (design === undefined) continue
    const kept = keep.filter(worker => worker.role === role).length
    for (let missing = workersOf(wanted.topology, role) - kept; missing > 0; missing--) {
      const taken = [...keep, ...start]
      start.push({
        name: freeName(role, taken),
        role,
        signature: design.signature,
        gpus: gpus === null ? null : freeGpus(gpus, design.gpusPerWorker, taken),
      })
    }
  }
  return { keep, stop, start }
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

function freeGpus(all: readonly number[], count: number, taken: readonly WorkerSlot[]): readonly number[] {
  const held = new Set(taken.flatMap(worker => worker.gpus ?? []))
  return all.filter(gpu => !held.has(gpu)).slice(0, count)
}
