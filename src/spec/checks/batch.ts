import { type Deployment, type Role, workersOf } from '../../model/index.ts'
import { backendOf } from './backend.ts'
import { type Check, type CheckedSweep, numberOf, rolesWithSettings } from './check.ts'
import { type RoleSettings, roleSettings } from './sources.ts'

/** Batches too small for the load (requests wait before they decode) or for their own token budget. */
export const checkBatch: Check = (sweep, { refuse, warn }) => {
  checkTokenBudget(sweep, warn)
  checkVllmBudget(sweep, refuse)
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

/**
 * Sequences that all workers of a role take at once. With TensorRT-LLM's attention DP each rank has a batch of its own, and so has each of vLLM's
 * DP ranks; SGLang shares its max_running_requests out among them.
 */
function roomOf(sweep: CheckedSweep, { topology }: Deployment, role: Role, settings: RoleSettings): number | null {
  const batch = numberOf(settings, 'maxBatchSize')
  if (batch === null) return null
  const backend = backendOf(sweep.raw)
  const attention = settings.get('attentionDp')?.value === true && backend === 'trtllm'
  const ranks =
    (attention ? numberOf(settings, 'tensorParallel') : backend === 'vllm' ? numberOf(settings, 'dataParallel') : 1) ??
    1
  return batch * ranks * workersOf(topology, role)
}

/** A decode step takes one token a sequence, and its draft tokens: a smaller budget caps the batch unseen. */
function checkTokenBudget(sweep: CheckedSweep, warn: Parameters<Check>[1]['warn']): void {
  if (backendOf(sweep.raw) !== 'trtllm') return
  for (const { role, settings } of rolesWithSettings(sweep)) {
    const [batch, tokens] = [numberOf(settings, 'maxBatchSize'), settings.get('maxNumTokens')]
    const perSequence = 1 + draftTokens(settings)
    if (role === 'prefill' || batch === null || tokens === null || typeof tokens.value !== 'number') continue
    if (tokens.value >= batch * perSequence) continue
    warn(
      tokens.place,
      `max_num_tokens ${tokens.value} of ${role} workers is below max_batch_size ${batch} × ${perSequence} token${perSequence > 1 ? 's' : ''} a step`,
      `raise max_num_tokens to ${batch * perSequence} or more`,
    )
  }
}

/** MTP drafts one token unless told otherwise. */
function draftTokens(settings: RoleSettings): number {
  const said = numberOf(settings, 'draftTokens')
  return said ?? (settings.get('decodingType')?.value === 'MTP' ? 1 : 0)
}

/** What vLLM's `SchedulerConfig.verify_max_model_len` refuses, minutes later. */
function checkVllmBudget(sweep: CheckedSweep, refuse: Parameters<Check>[1]['refuse']): void {
  if (backendOf(sweep.raw) !== 'vllm') return
  for (const { role, settings } of rolesWithSettings(sweep)) {
    const tokens = settings.get('maxNumTokens')
    if (tokens === null || typeof tokens.value !== 'number') continue
    const [batch, length] = [numberOf(settings, 'maxBatchSize'), numberOf(settings, 'maxSeqLen')]
    if (batch !== null && tokens.value < batch) {
      refuse(
        tokens.place,
        `max_num_batched_tokens ${tokens.value} of ${role} workers is below max_num_seqs ${batch}`,
        `raise it to ${batch} or more`,
      )
    } else if (length !== null && tokens.value < length && settings.get('chunkedPrefill')?.value === false) {
      refuse(
        tokens.place,
        `max_num_batched_tokens ${tokens.value} of ${role} workers is below max_model_len ${length}, and prefill is not chunked`,
        `raise it to ${length} or more, or remove enable_chunked_prefill: false`,
      )
    }
  }
}
