import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Field, fieldText, patchTo, readAt, withFields } from '../../../src/deployers/kubernetes/fields.ts'

const graph = {
  spec: {
    components: [
      { name: 'a', replicas: 1 },
      { name: 'b', replicas: 2 },
    ],
    'x/y~z': 1,
  },
}
const replicasOf = (name: string) => ['spec', 'components', { name }, 'replicas'] as const

describe('fields of a resource', () => {
  test('entries of a list are found by their name', () => {
    assert.equal(readAt(graph, replicasOf('b')), 2)
    assert.equal(readAt(graph, replicasOf('c')), undefined)
  })

  test('setting a field leaves the rest, its order and the original alone', () => {
    const changed = withFields(graph, [{ path: replicasOf('a'), value: 5 }])
    assert.deepEqual(changed, {
      spec: {
        components: [
          { name: 'a', replicas: 5 },
          { name: 'b', replicas: 2 },
        ],
        'x/y~z': 1,
      },
    })
    assert.deepEqual(Object.keys(changed.spec as object), Object.keys(graph.spec))
    assert.equal(readAt(graph, replicasOf('a')), 1)
  })

  test('a field of an entry that is not there makes an entry of that name', () => {
    assert.deepEqual(withFields({}, [{ path: ['list', { name: 'a' }, 'n'], value: 1 }]), {
      list: [{ name: 'a', n: 1 }],
    })
  })

  test('a value of undefined takes the field away', () => {
    assert.deepEqual(withFields({ a: { b: 1, c: 2 } }, [{ path: ['a', 'b'], value: undefined }]), { a: { c: 2 } })
  })

  test('is written as Kubernetes’ own messages write it', () => {
    assert.equal(fieldText(replicasOf('a')), '.spec.components[name="a"].replicas')
  })

  test('a JSON Patch names list entries by their place now, escapes keys, and skips what stands already', () => {
    const fields: readonly Field[] = [
      { path: replicasOf('b'), value: 7 },
      { path: replicasOf('a'), value: 1 },
      { path: ['spec', 'x/y~z'], value: undefined },
      { path: ['spec', 'new'], value: true },
      { path: ['gone', 'field'], value: 1 },
    ]
    assert.deepEqual(patchTo(graph, fields), [
      { op: 'replace', path: '/spec/components/1/replicas', value: 7 },
      { op: 'remove', path: '/spec/x~1y~0z' },
      { op: 'add', path: '/spec/new', value: true },
    ])
  })

  test('what was set is read back, whatever the path', () => {
    const key = fc.constantFrom('a', 'b', 'c')
    const steps = fc.oneof(fc.tuple(key), fc.tuple(key, fc.record({ name: fc.constantFrom('x', 'y') })))
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 4 }), fc.integer(), (parts, value) => {
        const path = [...parts.flat(), 'last']
        assert.equal(readAt(withFields({}, [{ path: ['root', ...path], value }]), ['root', ...path]), value)
      }),
    )
  })
})
