import assert from 'node:assert/strict'
import { it } from 'node:test'
import { adviceFor } from '../../src/engines/log-advice.ts'

// Lines as the programs print them.
const cases: readonly (readonly [line: string, code: string])[] = [
  ["ModuleNotFoundError: No module named 'tensorrt_llm'", 'engine-not-importable'],
  [
    "/usr/bin/python3: Error while finding module specification for 'dynamo.frontend' (ModuleNotFoundError: No module named 'dynamo')",
    'dynamo-not-importable',
  ],
  [
    'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of',
    'gpu-out-of-memory',
  ],
  [
    "python: Error while finding module specification for 'ray.scripts.scripts' (ModuleNotFoundError: No module named 'ray')",
    'ray-not-importable',
  ],
  ['(EngineCore pid=5485) RuntimeError: NIXL is not available', 'nixl-not-importable'],
  ['[TensorRT-LLM][ERROR] cudaErrorMemoryAllocation', 'gpu-out-of-memory'],
  ['mpi4py.MPI.Exception: MPI_ERR_SPAWN: could not spawn processes', 'mpi-spawn-failed'],
  ['__main__.py: error: unrecognized arguments: --no-such-flag 3', 'argument-refused'],
  ['OSError: [Errno 98] Address already in use', 'port-taken'],
  ["zmq.error.ZMQError: Address already in use (addr='tcp://*:5557')", 'port-taken'],
  ['The server socket has failed to bind to 0.0.0.0:29500 (errno: 98 - Address already in use).', 'port-taken'],
  ['RuntimeError: CUDA driver error: CUDA_ERROR_OUT_OF_MEMORY', 'gpu-out-of-memory'],
  [
    'ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.',
    'kv-cache-too-small',
  ],
  ['RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.', 'kv-cache-too-small'],
  [
    'slurmstepd: error: Detected 1 oom-kill event(s) in StepId=12.0. Some of your processes may have been killed',
    'host-out-of-memory',
  ],
  ['The application appears to have been direct launched using "srun",', 'mpi-spawn-failed'],
  ['There are not enough slots available in the system to satisfy the 4', 'mpi-spawn-failed'],
  ['RuntimeError: NCCL error in: ProcessGroupNCCL.cpp:2021, unhandled system error', 'nccl-failed'],
  ['node1:411:902 [0] NCCL WARN Call to ibv_modify_qp failed with error Connection timed out', 'nccl-failed'],
  ['torch.distributed.DistBackendError: ncclRemoteError: A call failed possibly due to a network error', 'nccl-failed'],
  ['Watchdog caught collective operation timeout: WorkNCCL(SeqNum=4, OpType=ALLREDUCE)', 'nccl-failed'],
  [
    'UCX  ERROR ibv_create_cq(cqe=4096) failed: Cannot allocate memory : Please set max locked memory',
    'rdma-memory-locked',
  ],
  ['AssertionError: kv_cache_transceiver is disabled, please set cache_transceiver_config', 'kv-transfer-off'],
  ['RuntimeError: unable to write to shared memory', 'shared-memory-too-small'],
  ['RuntimeError: NIXL is not available', 'nixl-not-importable'],
  ["ModuleNotFoundError: No module named 'nixl._api'", 'nixl-not-importable'],
]

for (const [line, code] of cases) {
  it(`${code} is recognised in: ${line.slice(0, 60)}`, () => {
    assert.equal(adviceFor(['INFO starting', line, 'INFO shutting down'])?.code, code)
  })
}

it('failures that the same configuration brings about each time are not worth another try', () => {
  const advice = (line: string) => adviceFor([line])?.retryable
  assert.equal(advice('__main__.py: error: unrecognized arguments: --no-such-flag 3'), false)
  assert.equal(advice('RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.'), false)
  assert.equal(advice('OSError: [Errno 98] Address already in use'), undefined)
})

it('a log without a known failure gets no advice', () => {
  assert.equal(adviceFor(['INFO request received', 'INFO request completed']), null)
})

it('an error of NCCL is taken for what another rank’s death brought about', () => {
  const log = ['torch.OutOfMemoryError: CUDA out of memory.', 'RuntimeError: NCCL error: unhandled system error']
  assert.equal(adviceFor(log)?.code, 'gpu-out-of-memory')
  assert.equal(adviceFor(log.toReversed())?.code, 'gpu-out-of-memory')
})

it('memory and MPI failures get the guide’s own advice', () => {
  assert.match(adviceFor(['CUDA out of memory'])?.remedy ?? '', /free_gpu_memory_fraction.*max_batch_size/)
  assert.match(adviceFor(['MPI_ERR_SPAWN'])?.remedy ?? '', /unset SLURM_JOBID SLURM_JOB_ID SLURM_NODELIST/)
})
