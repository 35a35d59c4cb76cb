import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  describeJob,
  hasFailed,
  isWaiting,
  parseEndedJob,
  parseJobState,
  parseNodes,
} from '../../../src/deployers/slurm/states.ts'

describe('Slurm’s words', () => {
  it('a job that waits has a reason', () => {
    const state = parseJobState('PENDING|Resources\n') ?? assert.fail('no state')
    assert.equal(isWaiting(state), true)
    assert.equal(describeJob(state), 'PENDING (Resources)')
  })

  it('a job that runs has none', () => {
    assert.deepEqual(parseJobState('RUNNING|None\n'), { state: 'RUNNING', reason: null })
  })

  it('a job that squeue no longer lists is told by scontrol', () => {
    assert.equal(parseJobState('\n'), null)
    const said = 'JobId=5 JobName=x UserId=root(0) JobState=NODE_FAIL Reason=NodeDown Dependency=(null)'
    assert.deepEqual(parseEndedJob(said), { state: 'NODE_FAIL', reason: 'NodeDown' })
    assert.equal(parseEndedJob('slurm_load_jobs error: Invalid job id specified'), null)
  })

  it('nodes have an address, a state and why', () => {
    const said =
      'NodeName=n1 Arch=x86_64 NodeAddr=10.0.0.1 NodeHostName=n1 State=DOWN+NOT_RESPONDING ThreadsPerCore=1 Reason=Not responding [slurm@2026]\n' +
      'NodeName=n2 NodeAddr=10.0.0.2 State=ALLOCATED ThreadsPerCore=1\n'
    assert.deepEqual(parseNodes(said), [
      { name: 'n1', address: '10.0.0.1', state: 'DOWN+NOT_RESPONDING', reason: 'Not responding [slurm@2026]' },
      { name: 'n2', address: '10.0.0.2', state: 'ALLOCATED', reason: null },
    ])
  })

  for (const [state, failed] of [
    ['ALLOCATED', false],
    ['MIXED+DRAIN', false],
    ['IDLE+PLANNED', false],
    ['DOWN', true],
    ['DOWN*', true],
    ['ALLOCATED*', true],
    ['ALLOCATED+NOT_RESPONDING', true],
    ['IDLE+FAIL', true],
  ] as const) {
    it(`a node that is ${state} ${failed ? 'is lost' : 'goes on'}`, () => {
      assert.equal(hasFailed({ name: 'n', address: 'n', state, reason: null }), failed)
    })
  }
})
