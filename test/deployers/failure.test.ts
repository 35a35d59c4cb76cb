// Test part: unit

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { processFailure } from '../../src/deployers/failure.ts'
import type { RunningProcess } from '../../src/process/process.ts'

const ended = (code: number, lines: readonly string[]): RunningProcess => ({
  name: 'prefill-0',
  pid: 7,
  logFile: '/run/prefill-0.log',
  alive: () => false,
  exit: () => ({ code, signal: null }),
  exited: Promise.resolve({ code, signal: null }),
  send: () => {},
  lastLines: () => lines,
  stop: async () => {},
})

describe('a worker on another host that has ended', () => {
  it('is not blamed when ssh failed on the way to it, and may be started again', () => {
    const error = processFailure(ended(255, ['INFO loaded', 'Connection reset by 10.0.0.3 port 22']))
    assert.deepEqual(
      [error.code, error.message, error.retryable],
      [
        'ssh-failed',
        'prefill-0 (process 7): ssh failed on the way to its host: Connection reset by 10.0.0.3 port 22',
        true,
      ],
    )
  })

  it('is blamed for its own end, though it had code 255 and spoke of connections', () => {
    const error = processFailure(ended(255, ['ConnectionResetError: [Errno 104] Connection reset by peer']))
    assert.equal(error.code, 'process-ended')
    assert.match(error.message, /^prefill-0 \(process 7\) exited with code 255: ConnectionResetError/)
  })
})
