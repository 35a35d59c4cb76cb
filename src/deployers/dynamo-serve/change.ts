import { type Deployment, type Role, rolesOf, workersOf } from '../../model/index.ts'
import { type Change, smallestChange, type WorkerSlot } from '../change.ts'
import { type Host, rolesBySize } from '../nodes/placement.ts'
import type { WorkerDesign } from '../worker-design.ts'

/**
 * Whether a worker comes with the frontend, as the head: the first one that writes tokens. The head is one process
 * group, so they come and go together.
 */
export function isHead({ name, role }: Pick<WorkerSlot, 'name' | 'role'>): boolean {
  return role !== 'prefill' && name === `${role}-0`
}

/**
 * The smallest change that leaves a head: it stays as long as its worker fits. A deployment that lost its head gives up
 * one further worker when all that are wanted still run, for the new head brings one.
 */
export function smallestServeChange<Running extends WorkerSlot>(
  running: readonly Running[],
  wanted: Deployment,
  designs: { readonly [role in Role]?: WorkerDesign },
  hosts: readonly Host[],
): Change<Running> {
  const writing = rolesOf(wanted.topology).find(role => role !== 'prefill')
  const peers = running.filter(({ role, signature }) => role === writing && signature === designs[role]?.signature)
  const room = writing === undefined ? 0 : workersOf(wanted.topology, writing) - 1
  const spare = peers.some(isHead) ? [] : peers.slice(Math.max(0, room))
  const rest = running.filter(worker => !spare.includes(worker))
  // Among roles of one size the head's is placed first, so that the head comes to the first host, as in the guide.
  const sizes = wanted.gpusPerWorker
  const order = rolesBySize(sizes).toSorted(
    (a, b) => sizes[b] - sizes[a] || Number(b === writing) - Number(a === writing),
  )
  const { keep, stop, start } = smallestChange(rest, wanted, designs, hosts, order)
  const headFirst = [...start].sort((a, b) => Number(isHead(b)) - Number(isHead(a)))
  return { keep, stop: [...spare, ...stop], start: headFirst }
}
