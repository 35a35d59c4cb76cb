import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  conflictsOf,
  fieldsToHold,
  noteOf,
  nothingBefore,
  readNote,
  remember,
  restoreAnnotation,
} from '../../../src/deployers/kubernetes/standing.ts'

const replicas = (value: number) => ({ path: ['spec', 'services', 'd', 'replicas'], value })
const gpu = (value: string) => ({ path: ['spec', 'services', 'd', 'resources', 'limits', 'gpu'], value })
const live = { spec: { services: { d: { replicas: 5 } } } }

describe('what a graph was like before', () => {
  test('is remembered once, at the first change of a field', () => {
    const first = remember(nothingBefore, [replicas(1)], live)
    const second = remember(first, [replicas(2), gpu('8')], { spec: { services: { d: { replicas: 1 } } } })
    const resources = { path: ['spec', 'services', 'd', 'resources'], value: undefined }
    assert.deepEqual(second.fields, [replicas(5), resources], 'what encloses a field was not there either')
  })

  test('is brought back for fields that a later deployment does not change', () => {
    const before = remember(nothingBefore, [replicas(1), gpu('8')], live)
    assert.deepEqual(fieldsToHold(before, [gpu('4')]), [gpu('4'), replicas(5)])
  })

  test('is left as it stands where a scaling adapter has taken over', () => {
    const before = remember(nothingBefore, [replicas(1)], live)
    const now = { spec: { services: { d: { replicas: 3 } } } }
    assert.deepEqual(fieldsToHold(before, [], [replicas(0).path], now), [replicas(3)])
  })

  test('survives as a note on the graph itself', () => {
    const before = { ...remember(nothingBefore, [replicas(1), gpu('8')], live), adapters: { d: 5 } }
    const noted = { metadata: { annotations: { [restoreAnnotation]: noteOf(before) } } }
    assert.deepEqual(readNote(noted), before)
  })

  test('is unknown from a note that somebody else wrote', () => {
    for (const text of ['', '{}', 'null', '{"fields":1,"adapters":{}}']) {
      assert.equal(readNote({ metadata: { annotations: { [restoreAnnotation]: text } } }), null)
    }
  })
})

describe('conflicts', () => {
  const status = {
    details: {
      causes: [
        {
          reason: 'FieldManagerConflict',
          message: 'conflict with "kubectl" using v1',
          field: '.spec.services.d.replicas',
        },
        { reason: 'FieldManagerConflict', message: 'conflict with "helm"', field: '.spec.services.d.resources' },
      ],
    },
  }

  test('name the field and its manager', () => {
    assert.deepEqual(conflictsOf(status, []), [
      { field: '.spec.services.d.replicas', manager: 'kubectl' },
      { field: '.spec.services.d.resources', manager: 'helm' },
    ])
  })

  test('in what the sweep changes anyway are none', () => {
    assert.deepEqual(
      conflictsOf(status, [replicas(1)]).map(({ manager }) => manager),
      ['helm'],
    )
  })

  test('of something that is no Status are none', () => {
    assert.deepEqual(conflictsOf('x', []), [])
  })
})
