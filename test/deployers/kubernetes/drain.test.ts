import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Design, Pool } from '../../../src/deployers/kubernetes/design.ts'
import { drainedFirst } from '../../../src/deployers/kubernetes/drain.ts'

const design = (counts: { readonly [component: string]: number }): Design => ({
  pools: Object.entries(counts).map(([name, replicas]) => ({ component: { name }, replicas }) as Pool),
  frontend: null,
  fields: [],
  configMaps: [],
})
const drained = (
  wanted: { readonly [component: string]: number },
  standing: { readonly [component: string]: number },
) => {
  const step = drainedFirst(design(wanted), name => standing[name] ?? 0)
  return step === null
    ? null
    : Object.fromEntries(step.pools.map(({ component, replicas }) => [component.name, replicas]))
}

test('pools that give way to others are emptied first', () => {
  assert.deepEqual(drained({ prefill: 0, decode: 0, both: 2 }, { prefill: 2, decode: 1 }), {
    prefill: 0,
    decode: 0,
    both: 0,
  })
  assert.deepEqual(drained({ prefill: 1, decode: 1, both: 0 }, { both: 2 }), { prefill: 0, decode: 0, both: 0 })
})

test('a changed ratio, a start from nothing and an end need no step in between', () => {
  assert.equal(drained({ prefill: 2, decode: 1 }, { prefill: 1, decode: 3 }), null)
  assert.equal(drained({ prefill: 1, decode: 1, both: 0 }, {}), null)
  assert.equal(drained({ prefill: 0, decode: 0 }, { prefill: 1, decode: 1 }), null)
})
