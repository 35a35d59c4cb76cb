import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examineMachine, type MachineCheck } from '../../../src/deployers/doctor/doctor.ts'
import { missed, passed } from '../../../src/model/doctor-check.ts'

test('a check that is added to the list is asked what the others are, and printed in its place', async () => {
  const asked: unknown[] = []
  const first: MachineCheck = () => [passed('first', 'fine')]
  const swap: MachineCheck = async (needs, addresses) => {
    asked.push(needs, addresses)
    return [missed('swap', 'the machine swaps', 'turn swap off')]
  }
  const found = await examineMachine(null, { etcd: 'http://127.0.0.1:2379' }, [first, swap, first])
  assert.deepEqual(
    found.map(({ name, ok }) => [name, ok]),
    [
      ['first', true],
      ['swap', false],
      ['first', true],
    ],
  )
  assert.deepEqual(asked, [null, { etcd: 'http://127.0.0.1:2379' }])
})
