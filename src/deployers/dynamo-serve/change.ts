import { type Deployment, type Role, rolesOf, workersOf } from '../../model/index.ts'
import { type Change, smallestChange, type WorkerSlot } from '../change.ts'
import { type Host, rolesBySize } from '../nodes/placement.ts'
import type { WorkerDesign } from '../worker-design.ts'

/**
 * Whether a worker starts together with the frontend, as the head. The head's worker is the first one that decodes.
 * Both run in one process group, so they start and stop together.
 */
export function isHead({ name, role }: Pick<WorkerSlot, 'name' | 'role'>): boolean {
  return role !== 'prefill' && name === `${role}-0`
}

/** Position of a worker; the head's also describes how the head is started. */
export interface ServeSlot extends WorkerSlot {
  readonly headSignature?: string | undefined
}

type Designs = { readonly [role in Role]?: WorkerDesign & Pick<ServeSlot, 'headSignature'> }

/**
 * The smallest change that keeps the head running while its worker, and everything else started with it, still fits. A
 * deployment without a head stops one more worker if all wanted ones are still running, because the new head includes a
 * worker.
 */
export function smallestServeChange<Running extends ServeSlot>(
  running: readonly Running[],
  wanted: Deployment,
  designs: Designs,
  hosts: readonly Host[],
): Change<Running> & { readonly start: readonly ServeSlot[] } {
  const writing = rolesOf(wanted.topology).find(role => role !== 'prefill')
  const isOtherHead = (worker: Running) =>
    isHead(worker) && worker.headSignature !== designs[worker.role]?.headSignature
  const headless = running.filter(worker => !isOtherHead(worker))
  const peers = headless.filter(({ role, signature }) => role === writing && signature === designs[role]?.signature)
  const room = writing === undefined ? 0 : workersOf(wanted.topology, writing) - 1
  const spare = peers.some(isHead) ? [] : peers.slice(Math.max(0, room))
  const rest = headless.filter(worker => !spare.includes(worker))
  // Among roles of equal size, the head's is placed first, so that the head is on the first host, as in the guide.
  const sizes = wanted.gpusPerWorker
  const order = rolesBySize(sizes).toSorted(
    (a, b) => sizes[b] - sizes[a] || Number(b === writing) - Number(a === writing),
  )
  const { keep, stop, start } = smallestChange(rest, wanted, designs, hosts, order)
  const headFirst = start
    .map((slot): ServeSlot => (isHead(slot) ? { ...slot, headSignature: designs[slot.role]?.headSignature } : slot))
    .sort((a, b) => Number(isHead(b)) - Number(isHead(a)))
  return { keep, stop: [...running.filter(isOtherHead), ...spare, ...stop], start: headFirst }
}
