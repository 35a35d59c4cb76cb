import type { FaultKind } from '../point/index.ts'

/** What a known failure in a worker's log asks for. */
export interface Advice {
  readonly code: string
  readonly kind: FaultKind
  readonly remedy: string
}

const known: readonly (Advice & { readonly pattern: RegExp })[] = [
  {
    pattern: /No module named '?(dynamo|nvidia_dynamo)/,
    code: 'dynamo-not-importable',
    kind: 'environment',
    remedy: 'Name a Python that has Dynamo in deploy.python, or install it there: pip install ai-dynamo.',
  },
  {
    pattern: /No module named '?(tensorrt_llm|vllm|sglang)/,
    code: 'engine-not-importable',
    kind: 'environment',
    remedy: 'Install the engine into the same Python: pip install "ai-dynamo[trtllm]", [vllm] or [sglang].',
  },
  {
    pattern: /CUDA out of memory|OutOfMemoryError|cudaErrorMemoryAllocation|CUDA error: out of memory/i,
    code: 'gpu-out-of-memory',
    kind: 'failed',
    remedy:
      'Lower free_gpu_memory_fraction (the guide goes down to 0.30 with attention DP at long inputs), max_batch_size or max_num_tokens of this role.',
  },
  {
    pattern: /MPI_Comm_spawn|MPI_ERR_SPAWN|MPI spawn|mpi4py.*spawn|There are not enough slots available/i,
    code: 'mpi-spawn-failed',
    kind: 'environment',
    remedy:
      'Inside a Slurm job MPI takes its variables for a launch of its own: unset SLURM_JOBID SLURM_JOB_ID SLURM_NODELIST SLURM_STEP_ID and the other SLURM_* before the run.',
  },
  {
    pattern: /Address already in use|EADDRINUSE|address in use/i,
    code: 'port-taken',
    kind: 'failed',
    remedy: 'Another program took the port first; try again, or choose another one.',
  },
  {
    pattern: /unrecognized arguments?:|error: argument |unexpected keyword argument|Extra inputs are not permitted/i,
    code: 'argument-refused',
    kind: 'failed',
    remedy: 'The worker refuses an argument or engine setting; compare it with the worker’s --help.',
  },
  {
    pattern: /LocalEntryNotFoundError|OfflineModeIsEnabled|Repository Not Found|RepositoryNotFoundError|GatedRepoError/,
    code: 'model-not-found',
    kind: 'environment',
    remedy:
      'Check model.name; download it first (hf download), or set HF_HOME to the cache that has it; a gated model needs HF_TOKEN.',
  },
  {
    pattern: /No space left on device/,
    code: 'disk-full',
    kind: 'environment',
    remedy: 'Free some space.',
  },
  {
    pattern: /Too many open files/,
    code: 'too-many-open-files',
    kind: 'environment',
    remedy: 'Raise the limit (ulimit -n 65536) in the shell that starts Fulcrum.',
  },
]

/** The advice for the last known failure in a log; null when nothing known is in it. */
export function adviceFor(lines: readonly string[]): Advice | null {
  for (const line of lines.toReversed()) {
    const found = known.find(({ pattern }) => pattern.test(line))
    if (found !== undefined) return { code: found.code, kind: found.kind, remedy: found.remedy }
  }
  return null
}
