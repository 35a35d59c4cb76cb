import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { showProgress } from '../../src/cli/progress.ts'
import type { RunProgress, RunStep } from '../../src/runner/run.ts'

/** What lands in a log, a line each. */
async function linesOf(...steps: readonly RunStep[]): Promise<readonly string[]> {
  const write = mock.method(process.stderr, 'write', () => true)
  try {
    using display = await showProgress(false)
    for (const step of steps) {
      const points = { done: 0, count: 4, isUpperBound: false }
      const progress: RunProgress = { deployment: null, points, elapsedS: 0, secondsLeft: null, ...step }
      display.show(progress)
    }
    return write.mock.calls.map(({ arguments: [text] }) => String(text).trimEnd())
  } finally {
    write.mock.restore()
  }
}

const deploying = (event: Extract<RunStep, { step: 'deploying' }>['event']): RunStep => ({
  step: 'deploying',
  why: 'deploying 1P1D',
  event,
})

test('a log says which machine was lost, and when it is back', async () => {
  const lost = deploying({ kind: 'lost', what: 'node south', why: 'it does not respond over ssh' })
  assert.deepEqual(await linesOf(lost, deploying({ kind: 'back', what: 'node south' })), [
    'Lost node south: it does not respond over ssh. Continuing without it.',
    'node south is available again',
  ])
})

test('a log tells of a long wait once a minute', async () => {
  const waiting = (elapsedS: number) =>
    deploying({ kind: 'waiting', what: 'Slurm job 7: PENDING (Priority)', elapsedS, deadlineS: 3600 })
  assert.deepEqual(await linesOf(waiting(1), waiting(60), waiting(61)), [
    'Waiting for Slurm job 7: PENDING (Priority): 1 min 0 s of at most 1 h 0 min',
  ])
})
