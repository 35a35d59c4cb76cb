import { notImportable } from '../engine-not-importable.ts'
import type { KnownFailure } from '../known-failure.ts'

/** Failures of TensorRT-LLM's workers. */
export const trtllmLogAdvice: readonly KnownFailure[] = [
  notImportable('tensorrt_llm', 'trtllm'),
  {
    pattern:
      /MPI_Comm_spawn|MPI_ERR_SPAWN|MPI spawn|mpi4py.*spawn|There are not enough slots available|OMPI was not built with SLURM|direct launched using "srun"/i,
    code: 'mpi-spawn-failed',
    kind: 'environment',
    remedy:
      'Inside a Slurm job, MPI mistakes the job’s variables for its own launch. Run unset SLURM_JOBID SLURM_JOB_ID SLURM_NODELIST before Fulcrum (with: slurm does so for its workers), or let srun start the workers: with: slurm.',
  },
  {
    pattern: /kv_cache_transceiver is disabled/i,
    code: 'kv-transfer-off',
    kind: 'failed',
    remedy: 'Write cache_transceiver_config: { backend: DEFAULT } into the engine settings of prefill and decode.',
    retryable: false,
  },
]
