import assert from 'node:assert/strict'
import { it } from 'node:test'
import { adviceFor } from '../../src/deploy/log-advice.ts'

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
  ['[TensorRT-LLM][ERROR] cudaErrorMemoryAllocation', 'gpu-out-of-memory'],
  ['mpi4py.MPI.Exception: MPI_ERR_SPAWN: could not spawn processes', 'mpi-spawn-failed'],
  ['__main__.py: error: unrecognized arguments: --no-such-flag 3', 'argument-refused'],
  ['OSError: [Errno 98] Address already in use', 'port-taken'],
]

for (const [line, code] of cases) {
  it(`${code} is recognised in: ${line.slice(0, 60)}`, () => {
    assert.equal(adviceFor(['INFO starting', line, 'INFO shutting down'])?.code, code)
  })
}

it('a log without a known failure gets no advice', () => {
  assert.equal(adviceFor(['INFO request received', 'INFO request completed']), null)
})
