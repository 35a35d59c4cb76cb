import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FulcrumError } from '../../src/model/index.ts'
import { deservesAnotherTry } from '../../src/runner/another-try.ts'
import { scratchRun } from './run-in-scratch.ts'
import { scriptedDeployer, smallPlan } from './small-system.ts'

for (const [kind, code, again] of [
  ['failed', 'process-ended', true],
  ['failed', 'argument-refused', false],
  ['environment', 'port-taken', true],
  ['environment', 'node-unreachable', true],
  ['environment', 'program-not-found', false],
  ['environment', 'slurm-queue-timeout', false],
  ['bad-input', 'not-enough-gpus', false],
] as const) {
  test(`a deployment that failed by ${code} is ${again ? '' : 'not '}tried again`, async () => {
    const error = new FulcrumError(kind, code, 'no')
    assert.equal(deservesAnotherTry(error), again)
    await using run = await scratchRun(smallPlan([1]))
    const deployer = scriptedDeployer({ reconcile: () => Promise.reject(error) })
    await run.attempt({ deployer })
    const asked = deployer.wanted.filter(wanted => wanted === deployer.wanted[0])
    assert.equal(asked.length, again ? 2 : 1)
  })
}
