import { counted } from '../model/index.ts'
import type { RoleRule } from './define-engine.ts'
import { type FoundSetting, numberOf } from './role-settings.ts'

const nameOf = ({ place }: FoundSetting, otherwise: string) =>
  place.kind === 'sweep' ? String(place.path.at(-1)) : otherwise

/** Executors that run one model on several nodes. */
const spanningExecutors = ['mp', 'ray']

/**
 * Each rank of a worker on several nodes gets its number and the address of rank 0 when it starts, so a sweep file must
 * not set them. A number of nodes without `nodes_per_worker` makes a worker wait for ranks that nothing starts.
 */
export const checkRankSettings: RoleRule = (settings, { refuse }) => {
  const { role } = settings
  const nodes = numberOf(settings, 'nodes') ?? 1
  const count = settings.get('rankCount')
  if (nodes === 1) {
    if (count === null || count.value === 1) return
    const wrong = `${nameOf(count, 'nnodes')} makes ${role} workers wait for ranks on other nodes, which nothing starts`
    refuse(count.place, wrong, `write nodes_per_worker: ${JSON.stringify(count.value)} in the engine section instead`)
    return
  }
  for (const meaning of ['rankCount', 'rankNumber', 'rankAddress', 'rankPort', 'executor'] as const) {
    const found = settings.get(meaning)
    if (found === null || (meaning === 'executor' && spanningExecutors.includes(String(found.value)))) continue
    const wrong = `${nameOf(found, meaning)} of ${role} workers is set when they start on their ${counted(nodes, 'node')}`
    refuse(found.place, wrong, 'remove it')
  }
}
