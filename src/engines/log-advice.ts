import type { FaultKind } from '../model/index.ts'

/** What a known failure in a worker's log asks for. */
export interface Advice {
  readonly code: string
  readonly kind: FaultKind
  readonly remedy: string
  /** False where the same configuration fails the same way each time: another try would only load the model again. */
  readonly retryable?: false
}

interface Known extends Advice {
  readonly pattern: RegExp
  /** Another failure brings it about as a rule: it counts when the log has nothing else. */
  readonly consequence?: true
}

const known: readonly Known[] = [
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
    pattern:
      /CUDA out of memory|OutOfMemoryError|cudaErrorMemoryAllocation|CUDA error: out of memory|CUDA_ERROR_OUT_OF_MEMORY/i,
    code: 'gpu-out-of-memory',
    kind: 'failed',
    remedy:
      'Lower free_gpu_memory_fraction (the guide goes down to 0.30 with attention DP at long inputs), max_batch_size or max_num_tokens of this role; look with nvidia-smi for others on the GPU.',
  },
  {
    pattern:
      /No available memory for the cache blocks|larger than the available KV cache memory|is larger than the maximum number of tokens that can be stored in KV cache|Not enough memory\. Please try to increase --mem-fraction-static/i,
    code: 'kv-cache-too-small',
    kind: 'failed',
    retryable: false,
    remedy:
      'The weights leave too little memory for one sequence: raise the memory share (gpu_memory_utilization, mem_fraction_static, free_gpu_memory_fraction), lower the longest sequence (max_model_len, max_seq_len), or use more GPUs a worker.',
  },
  {
    pattern: /oom-kill|Out of memory: Killed process|oom_kill/i,
    code: 'host-out-of-memory',
    kind: 'failed',
    remedy:
      'The machine ran out of memory, not the GPU: fewer workers on it, or a higher memory limit of the job or container.',
  },
  {
    pattern:
      /MPI_Comm_spawn|MPI_ERR_SPAWN|MPI spawn|mpi4py.*spawn|There are not enough slots available|OMPI was not built with SLURM|direct launched using "srun"/i,
    code: 'mpi-spawn-failed',
    kind: 'environment',
    remedy:
      'Inside a Slurm job MPI takes its variables for a launch of its own: unset SLURM_JOBID SLURM_JOB_ID SLURM_NODELIST before the run (with: slurm does so for its workers), or have srun launch the workers: with: slurm.',
  },
  {
    pattern: /Address already in use|EADDRINUSE|address in use|errno:? 98\b/i,
    code: 'port-taken',
    kind: 'failed',
    remedy:
      'Another program took the port first; try again, or choose another one. fulcrum leftovers names what a killed Fulcrum left.',
  },
  {
    pattern: /kv_cache_transceiver is disabled/i,
    code: 'kv-transfer-off',
    kind: 'failed',
    retryable: false,
    remedy: 'Write cache_transceiver_config: { backend: DEFAULT } into the engine settings of prefill and decode.',
  },
  {
    pattern: /NIXL is not available|No module named '?nixl/i,
    code: 'nixl-not-importable',
    kind: 'environment',
    remedy:
      'vLLM moves the KV cache between prefill and decode by NIXL: install it into the same Python: pip install "nixl[cu13]" (or cu12).',
  },
  {
    pattern: /ibv_reg_mr|ibv_create_(?:cq|qp)|max locked memory|RLIMIT_MEMLOCK/i,
    code: 'rdma-memory-locked',
    kind: 'environment',
    remedy: 'RDMA has to lock memory: ulimit -l unlimited (a container: --ulimit memlock=-1 --cap-add IPC_LOCK).',
  },
  {
    pattern: /Bus error|unable to (?:open|write to) shared memory|shm_open.*No space/i,
    code: 'shared-memory-too-small',
    kind: 'environment',
    remedy: 'The container has too little shared memory: --ipc host, or --shm-size 16g in deploy.container.args.',
  },
  {
    pattern:
      /CUDA driver version is insufficient|no CUDA-capable device|CUDA_ERROR_NO_DEVICE|no kernel image is available/i,
    code: 'gpu-not-usable',
    kind: 'environment',
    remedy:
      'The driver is too old for this engine, or no GPU is visible: fulcrum doctor says what there is; a container needs --gpus all.',
  },
  {
    pattern: /unrecognized arguments?:|error: argument |unexpected keyword argument|Extra inputs are not permitted/i,
    code: 'argument-refused',
    kind: 'failed',
    retryable: false,
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
  {
    pattern:
      /NCCL (?:error|WARN.*(?:error|fail))|nccl(?:System|Internal|UnhandledCuda|Remote|InvalidUsage)Error|ProcessGroupNCCL.*(?:timeout|exception)|collective operation timeout/i,
    code: 'nccl-failed',
    kind: 'failed',
    remedy:
      'The GPUs of a worker could not talk to each other. Look for a rank that died first; then NCCL_DEBUG=INFO in deploy.env says where it fails: often the network interface (NCCL_SOCKET_IFNAME), RDMA (NCCL_IB_HCA; fulcrum doctor shows the links) or shared memory (--ipc host).',
    consequence: true,
  },
]

/** The advice for the last known failure in a log, causes before what they bring about; null when nothing known is in it. */
export function adviceFor(lines: readonly string[]): Advice | null {
  const found = lines.toReversed().flatMap(line => known.find(({ pattern }) => pattern.test(line)) ?? [])
  const told = found.find(({ consequence }) => consequence === undefined) ?? found[0]
  if (told === undefined) return null
  const { code, kind, remedy, retryable } = told
  return { code, kind, remedy, ...(retryable === undefined ? {} : { retryable }) }
}
