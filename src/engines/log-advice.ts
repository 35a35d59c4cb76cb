import { defined } from '../model/index.ts'
import { engines } from './index.ts'
import type { Advice, KnownFailure } from './known-failure.ts'

export type { Advice }

/** Failures of any worker: Dynamo, Python, CUDA, NCCL, the machine. */
const shared: readonly KnownFailure[] = [
  {
    pattern: /No module named '?(dynamo|nvidia_dynamo)/,
    code: 'dynamo-not-importable',
    kind: 'environment',
    remedy: 'Set deploy.python to a Python that has Dynamo, or install it there: pip install ai-dynamo.',
  },
  {
    pattern:
      /CUDA out of memory|OutOfMemoryError|cudaErrorMemoryAllocation|CUDA error: out of memory|CUDA_ERROR_OUT_OF_MEMORY/i,
    code: 'gpu-out-of-memory',
    kind: 'failed',
    remedy:
      'Lower free_gpu_memory_fraction (Dynamo’s guide goes down to 0.30 with attention DP at long inputs), max_batch_size or max_num_tokens of this role. Check with nvidia-smi whether other processes use the GPU.',
  },
  {
    pattern: /oom-kill|Out of memory: Killed process|oom_kill/i,
    code: 'host-out-of-memory',
    kind: 'failed',
    remedy:
      'The machine ran out of memory, not the GPU: run fewer workers on it, or raise the memory limit of the job or container.',
  },
  {
    pattern: /Address already in use|EADDRINUSE|address in use|errno:? 98\b/i,
    code: 'port-taken',
    kind: 'failed',
    remedy:
      'Another program already uses the port: try again, or choose another port. fulcrum leftovers lists what a killed Fulcrum left running.',
  },
  {
    pattern: /ibv_reg_mr|ibv_create_(?:cq|qp)|max locked memory|RLIMIT_MEMLOCK/i,
    code: 'rdma-memory-locked',
    kind: 'environment',
    remedy:
      'RDMA needs to lock memory: run ulimit -l unlimited (for a container: --ulimit memlock=-1 --cap-add IPC_LOCK).',
  },
  {
    pattern: /Bus error|unable to (?:open|write to) shared memory|shm_open.*No space/i,
    code: 'shared-memory-too-small',
    kind: 'environment',
    remedy: 'The container has too little shared memory: add --ipc host or --shm-size 16g to deploy.container.args.',
  },
  {
    pattern:
      /CUDA driver version is insufficient|no CUDA-capable device|CUDA_ERROR_NO_DEVICE|no kernel image is available/i,
    code: 'gpu-not-usable',
    kind: 'environment',
    remedy:
      'The driver is too old for this engine, or no GPU is visible. fulcrum doctor shows what is there; a container needs --gpus all.',
  },
  {
    pattern: /unrecognized arguments?:|error: argument |unexpected keyword argument|Extra inputs are not permitted/i,
    code: 'argument-refused',
    kind: 'failed',
    retryable: false,
    remedy: 'The worker rejected an argument or engine setting: compare it with the worker’s --help.',
  },
  {
    pattern: /LocalEntryNotFoundError|OfflineModeIsEnabled|Repository Not Found|RepositoryNotFoundError|GatedRepoError/,
    code: 'model-not-found',
    kind: 'environment',
    remedy:
      'Check model.name. Download the model first (hf download), or set HF_HOME to the cache that has it; a gated model needs HF_TOKEN.',
  },
  {
    pattern: /No space left on device/,
    code: 'disk-full',
    kind: 'environment',
    remedy: 'Free some disk space.',
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
      'The GPUs of a worker could not communicate. Look for a rank that died first. Then set NCCL_DEBUG=INFO in deploy.env to see where it fails: often at the network interface (NCCL_SOCKET_IFNAME), RDMA (NCCL_IB_HCA; fulcrum doctor shows the links) or shared memory (--ipc host).',
    consequence: true,
  },
]

/** All known failures. Those of engines come first because they are more specific. */
const known: readonly KnownFailure[] = [...engines.flatMap(({ logAdvice }) => logAdvice), ...shared]

/**
 * Advice for the last known failure in a log; null if there is none. Causes take precedence over their consequences.
 */
export function adviceFor(lines: readonly string[]): Advice | null {
  const found = lines.toReversed().flatMap(line => known.find(({ pattern }) => pattern.test(line)) ?? [])
  const told = found.find(({ consequence }) => consequence === undefined) ?? found[0]
  if (told === undefined) return null
  const { code, kind, remedy, retryable } = told
  return defined({ code, kind, remedy, retryable })
}
