import { type Deployment, type Role, workersOf } from '../../point/index.ts'
import { backendOf } from './backend.ts'
import { type Check, type CheckedSweep, numberOf, rolesWithSettings } from './check.ts'
import { type RoleSettings, roleSettings } from './sources.ts'

/** Batches too small for the load (requests wait before they decode) or for their own token budget. */
export const checkBatch: Check = (sweep, { warn }) => {
  checkTokenBudget(sweep, warn)
  const highest = Math.max(0, ...sweep.loads.map(({ level }) => (level.kind === 'concurrency' ? level.concurrency : 0)))
  const told = new Set<string>()
  for (const deployment of sweep.deployments) {
    const role: Role = deployment.topology.kind === 'aggregated' ? 'aggregated' : 'decode'
    const settings = roleSettings(sweep.raw, role, deployment.engine[role] ?? {})
    const found = settings.get('maxBatchSize')
    const room = roomOf(sweep, deployment, role, settings)
    if (found === null || room === null || highest <= room) continue
    const key = JSON.stringify(found.place)
    // Of several deployments with this setting the first, which is the smallest as a rule, says enough.
    if (told.has(key)) continue
    told.add(key)
    const workers = workersOf(deployment.topology, role)
    warn(
      found.place,
      `concurrency ${highest} is above the ${room} sequences that ${workers} ${role} worker${workers > 1 ? 's' : ''} take at once: the rest waits`,
      `raise the batch size to ${Math.ceil((highest / room) * Number(found.value))}, or leave it when the queue is what you measure`,
    )
  }
}

/** Sequences that all workers of a role take at once; with TensorRT-LLM's attention DP each rank has a batch of its own. */
function roomOf(sweep: CheckedSweep, { topology }: Deployment, role: Role, settings: RoleSettings): number | null {
  const batch = numberOf(settings, 'maxBatchSize')
  if (batch === null) return null
  const ranks =
    settings.get('attentionDp')?.value === true && backendOf(sweep.raw) === 'trtllm'
      ? (numberOf(settings, 'tensorParallel') ?? 1)
      : 1
  return batch * ranks * workersOf(topology, role)
}

/** A decode step takes one token a sequence, and its draft tokens: a smaller budget caps the batch unseen. */
function checkTokenBudget(sweep: CheckedSweep, warn: Parameters<Check>[1]['warn']): void {
  if (backendOf(sweep.raw) !== 'trtllm') return
  for (const { role, settings } of rolesWithSettings(sweep)) {
    const [batch, tokens] = [numberOf(settings, 'maxBatchSize'), settings.get('maxNumTokens')]
    const perSequence = 1 + (numberOf(settings, 'draftTokens') ?? 0)
    if (role === 'prefill' || batch === null || tokens === null || typeof tokens.value !== 'number') continue
    if (tokens.value >= batch * perSequence) continue
    warn(
      tokens.place,
      `max_num_tokens ${tokens.value} of ${role} workers is below max_batch_size ${batch} × ${perSequence} token${perSequence > 1 ? 's' : ''} a step`,
      `raise max_num_tokens to ${batch * perSequence} or more`,
    )
  }
}
