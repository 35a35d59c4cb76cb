// Test part: process

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FulcrumError } from '../../src/model/index.ts'
import { scratchRun } from './run-in-scratch.ts'
import { scriptedDeployer, smallPlan } from './small-system.ts'

for (const [what, error, again] of [
  ['a failed part of the deployment', new FulcrumError('failed', 'process-ended', 'no'), true],
  [
    'a failure that is the same each time',
    new FulcrumError('failed', 'argument-refused', 'no', { retryable: false }),
    false,
  ],
  [
    'a fault of the environment that may pass',
    new FulcrumError('environment', 'port-taken', 'no', { retryable: true }),
    true,
  ],
  ['a fault of the environment', new FulcrumError('environment', 'program-not-found', 'no'), false],
  ['bad input', new FulcrumError('bad-input', 'not-enough-gpus', 'no'), false],
  ['an error that nobody foresaw', new TypeError('no'), true],
] as const) {
  test(`after ${what}, the deployment is ${again ? '' : 'not '}tried once more`, async () => {
    await using run = await scratchRun(smallPlan([1]))
    const deployer = scriptedDeployer({ reconcile: () => Promise.reject(error) })
    await run.attempt({ deployer })
    const asked = deployer.wanted.filter(wanted => wanted === deployer.wanted[0])
    assert.equal(asked.length, again ? 2 : 1)
  })
}
