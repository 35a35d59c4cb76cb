import { numberOf, type RoleSettings } from '../../engines/role-settings.ts'
import { type Deployment, largest, type Role, workersOf } from '../../model/index.ts'
import type { Check, CheckedSweep } from './check.ts'
import { engineOf } from './engine.ts'
import { roleSettings } from './sources.ts'

/** Warns about batches that are too small for the load, so that requests queue before decoding. */
export const checkBatch: Check = (sweep, { warn }) => {
  const highest = largest([
    0,
    ...sweep.loads.map(({ level }) => (level.kind === 'concurrency' ? level.concurrency : 0)),
  ])
  const told = new Set<string>()
  for (const deployment of sweep.deployments) {
    const role: Role = deployment.topology.kind === 'aggregated' ? 'aggregated' : 'decode'
    const settings = roleSettings(sweep.raw, role, deployment.engine[role] ?? {})
    const found = settings.get('maxBatchSize')
    const room = roomOf(sweep, deployment, role, settings)
    if (found === null || room === null || highest <= room) continue
    const key = JSON.stringify(found.place)
    // The first deployment with this setting is usually the smallest, so only that one is reported.
    if (told.has(key)) continue
    told.add(key)
    const workers = workersOf(deployment.topology, role)
    warn(
      found.place,
      `concurrency ${highest} is above the ${room} sequences that ${workers} ${role} worker${workers > 1 ? 's' : ''} can process at once, so requests queue`,
      `raise the batch size to ${Math.ceil((highest / room) * Number(found.value))}, or leave it if you want to measure the queue`,
    )
  }
}

/** Number of sequences that all workers of a role can process at once. */
function roomOf(sweep: CheckedSweep, { topology }: Deployment, role: Role, settings: RoleSettings): number | null {
  const batch = numberOf(settings, 'maxBatchSize')
  return batch === null ? null : batch * engineOf(sweep.raw).batchesPerWorker(settings) * workersOf(topology, role)
}
