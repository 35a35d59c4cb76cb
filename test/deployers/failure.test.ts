// Test part: unit

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { firstFailed, isWhole, processFailure } from '../../src/deployers/failure.ts'
import { lossOf } from '../../src/deployers/nodes/nodes.ts'
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

describe('a worker whose ranks run in one program', () => {
  const lines = ['0: INFO serving', '1: ValueError: no room', 'srun: error: n2: task 1: Exited', '0: KeyError: gone']
  const part = { what: 'rank 1 on n2: Exited', isFrom: (line: string) => line.startsWith('1: ') }
  const ranked = { ...ended(1, lines), failedPart: () => part }

  it('is blamed by the rank that failed first, with the words of that rank', () => {
    const { message } = processFailure(ranked)
    assert.equal(
      message,
      'prefill-0 (process 7) lost rank 1 on n2: Exited: ValueError: no room\n  prefill-0: 1: ValueError: no room',
    )
  })

  it('is not whole any more, though the others are still being ended', () => {
    assert.equal(isWhole({ ...ranked, alive: () => true, exit: () => null }), false)
    assert.equal(isWhole({ ...ranked, alive: () => true, exit: () => null, failedPart: () => null }), true)
  })
})

it('the loss of a machine names it once', () => {
  const why = (text: string) => {
    const event = lossOf('node n2 (10.0.0.2)', text)
    return event.kind === 'lost' ? `${event.what}: ${event.why}.` : null
  }
  assert.equal(why('node n2 (10.0.0.2) is DOWN: unplugged'), 'node n2 (10.0.0.2): it is DOWN: unplugged.')
  assert.equal(why('node n2 (10.0.0.2): not responding.'), 'node n2 (10.0.0.2): not responding.')
  assert.equal(why('Slurm job 1 is gone'), 'node n2 (10.0.0.2): Slurm job 1 is gone.')
})

it('of ranks that have ended, the one that ended first is blamed: the others may have ended because of it', () => {
  const rank = (name: string, endedAtMs: number | null) => ({
    ...ended(1, []),
    name,
    alive: () => endedAtMs === null,
    endedAtMs: () => endedAtMs,
  })
  assert.equal(firstFailed([rank('rank0', 900), rank('rank1', 700), rank('rank2', null)])?.name, 'rank1')
  assert.equal(firstFailed([rank('rank2', null)]), null)
})

it('a failure names the machine that the process ran on', () => {
  const { message } = processFailure({ ...ended(137, []), host: 'n2' })
  assert.equal(message, 'prefill-0 on n2 (process 7) exited with code 137')
})
