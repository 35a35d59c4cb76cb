/** A job's state from `squeue --format=%T|%r|%N`. */
export interface JobState {
  /** `PENDING`, `RUNNING`, `PREEMPTED`, … */
  readonly state: string
  /** `Resources`, `Priority`, `NodeFail`, …; null without a reason. */
  readonly reason: string | null
}

/** Parses squeue's output for one job; null if it no longer lists the job. */
export function parseJobState(squeue: string): JobState | null {
  const [state, reason] = (squeue.trim().split('\n')[0] ?? '').split('|')
  if (state === undefined || state === '') return null
  return { state, reason: reason === undefined || reason === '' || reason === 'None' ? null : reason }
}

/** Parses `scontrol show job --oneliner` for a job that has left the queue; null if the job is unknown. */
export function parseEndedJob(scontrol: string): JobState | null {
  const fields = fieldsOf(scontrol)
  const state = fields.get('JobState')
  if (state === undefined) return null
  const reason = fields.get('Reason')
  return { state, reason: reason === undefined || reason === 'None' ? null : reason }
}

/** Whether the job is running or can still start. */
export function isWaiting({ state }: JobState): boolean {
  return ['PENDING', 'CONFIGURING', 'REQUEUED', 'REQUEUE_HOLD', 'RESV_DEL_HOLD', 'SPECIAL_EXIT'].includes(state)
}

/** `PENDING (Resources)`. */
export function describeJob({ state, reason }: JobState): string {
  return reason === null ? state : `${state} (${reason})`
}

/** A node's state from `scontrol show node --oneliner`. */
export interface NodeState {
  readonly name: string
  readonly address: string
  /** `ALLOCATED`, `DOWN+NOT_RESPONDING`, … */
  readonly state: string
  readonly reason: string | null
}

/** Parses the output of `scontrol show node --oneliner`. */
export function parseNodes(scontrol: string): readonly NodeState[] {
  return scontrol.split('\n').flatMap(line => {
    const fields = fieldsOf(line)
    const name = fields.get('NodeName')
    if (name === undefined) return []
    const reason = /\bReason=(.*)$/.exec(line)?.[1]?.trim() ?? null
    return [{ name, address: fields.get('NodeAddr') ?? name, state: fields.get('State') ?? 'UNKNOWN', reason }]
  })
}

/** Parts of a node's state in which its steps are lost or about to be. Draining and reserved nodes keep running. */
const failed = new Set([
  'DOWN',
  'FAIL',
  'FAILED',
  'FAILING',
  'ERROR',
  'NOT_RESPONDING',
  'NO_RESPOND',
  'REBOOT',
  'POWERED_DOWN',
])

/** Whether steps on the node are lost or about to be. */
export function hasFailed({ state }: NodeState): boolean {
  return state.endsWith('*') || state.split('+').some(part => failed.has(part.replace(/\W+$/, '')))
}

/** `Name=value` pairs of a line; values are cut at the first space. */
function fieldsOf(line: string): ReadonlyMap<string, string> {
  const pairs = line.split(/\s+/).flatMap(word => {
    const at = word.indexOf('=')
    return at > 0 ? [[word.slice(0, at), word.slice(at + 1)] as const] : []
  })
  return new Map(pairs)
}
