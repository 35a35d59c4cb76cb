import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { groupsOf, leasesOfEnded, remaining } from '../../../src/deployers/dynamo-serve/leases.ts'
import type { Registration } from '../../../src/deployers/dynamo-serve/registry.ts'

const registered = (service: string, ...leases: string[]): readonly Registration[] =>
  leases.flatMap(lease =>
    ['generate', 'flush'].map(endpoint => ({ key: `${service}/${endpoint}:${lease}`, service, lease })),
  )
const service = (worker: string) => worker.replace(/-.*/, '')
const among =
  (...names: string[]) =>
  (worker: string) =>
    names.includes(worker)

describe('leases of workers that have ended', () => {
  const listed = [...registered('decode', 'a'), ...registered('prefill', 'b', 'c')]
  const groups = groupsOf(['decode-0', 'prefill-0', 'prefill-1'], listed, service)

  it('are known of a worker that came up alone', () => {
    assert.deepEqual(leasesOfEnded(groups, among('decode-0')), ['a'])
  })

  it('are not known of one of two that came up together', () => {
    assert.deepEqual(leasesOfEnded(groups, among('prefill-1')), [])
  })

  it('are known of all that came up together', () => {
    assert.deepEqual(leasesOfEnded(groups, among('prefill-0', 'prefill-1')), ['b', 'c'])
  })

  it('are known of the last one, once the other’s have run out', () => {
    const left = remaining(groups, among('prefill-1'), [...registered('decode', 'a'), ...registered('prefill', 'b')])
    assert.deepEqual(leasesOfEnded(left, among('prefill-0')), ['b'])
    assert.deepEqual(leasesOfEnded(left, among('decode-0')), ['a'])
  })

  it('are left alone where more or fewer are listed than workers were started', () => {
    assert.deepEqual(groupsOf(['prefill-0'], registered('prefill', 'b', 'c'), service), [])
    assert.deepEqual(remaining(groups, among(), registered('prefill', 'b')), [])
  })
})
