import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exceptionIn } from '../../../src/deployers/failure.ts'

describe('what a worker died of', () => {
  it('is its last exception, whatever the logger put before it', () => {
    assert.equal(
      exceptionIn([
        'Traceback (most recent call last):',
        '  File "/site/vllm/v1/engine/core.py", line 1330, in run',
        '(EngineCore pid=4495) ERROR 11-25 03:24:40 [core.py:1330] RuntimeError: NIXL is not available',
      ]),
      'RuntimeError: NIXL is not available',
    )
    assert.equal(
      exceptionIn(['torch.OutOfMemoryError: CUDA out of memory.']),
      'torch.OutOfMemoryError: CUDA out of memory.',
    )
  })

  it('is not the exception of a parent that sends the reader further up', () => {
    assert.equal(
      exceptionIn([
        '(EngineCore pid=5485) RuntimeError: NIXL is not available',
        'vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. See stack trace (above) for the root cause.',
        'RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}',
      ]),
      'RuntimeError: NIXL is not available',
    )
  })

  it('is nothing where no exception is named, as in a log that merely speaks of errors', () => {
    assert.equal(exceptionIn(['2 errors so far', 'ERROR: port 80', 'bye']), null)
  })
})
