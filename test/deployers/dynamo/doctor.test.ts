import assert from 'node:assert/strict'
import { it } from 'node:test'
import { untested } from '../../../src/deployers/dynamo/doctor.ts'

it('says which versions of Dynamo are tested, of others only', () => {
  assert.equal(untested('1.4.2'), '')
  assert.equal(untested('1.6.1'), '')
  assert.equal(untested('1.7.0'), '; Fulcrum is tested with 1.4.2 and 1.6.1')
})
