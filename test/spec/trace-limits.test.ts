// Test part: unit

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TraceSummary } from '../../src/generators/trace-summary.ts'
import type { Load } from '../../src/model/index.ts'
import { checkTraces } from '../../src/spec/checks/traces.ts'
import { disk } from '../../src/yaml/files.ts'

const file = import.meta.filename
const nothing = { mean: 1, min: 1, max: 1 }

/** A trace of 100 requests, each a session of its own. */
const trace = async (_: unknown, { most }: { readonly most: number }): Promise<TraceSummary> => ({
  ...{ file, count: Math.min(100, most), inFile: 100, sessions: null, branched: false, spanMs: 1000 },
  ...{ time: { unit: 'ms', guessed: null }, isl: nothing, osl: nothing, reusable: null },
  longerThan: () => ({ count: 0, most: 0, first: file }),
})

const load = (more: Partial<Load>): Load => ({
  ...{ level: { kind: 'trace', file, speed: 1, unit: 'ms', users: 8 }, api: 'chat', streaming: true, graceS: 1 },
  ...{ warmup: 0, dataset: 1, seed: 1, timeoutMs: 1000, extra: {} },
  ...more,
})

/** What loads of one sweep are told of their traces: requests, and warnings. */
async function checked(loads: readonly Load[]) {
  const warnings: string[] = []
  const context = { files: { ...disk, trace }, folder: '/', report: assert.fail } as never
  const traces = await checkTraces(
    { workloads: [], loads, limits: { islDeviation: 1, oslDeviation: 1 }, pathOf: () => [] },
    context,
    { refuse: assert.fail, warn: (_, what) => void warnings.push(what) },
  )
  return { requests: traces.map(({ facts }) => facts.requests), warnings }
}

test('loads that replay different numbers of requests of one trace are each checked by their own', async () => {
  const { requests, warnings } = await checked([load({}), load({ requests: 4 }), load({ requests: 4 })])
  assert.deepEqual(requests, [100, 4])
  // Four sessions, of which the limit leaves no more.
  assert.ok(warnings.length > 0)
  for (const warning of warnings) assert.match(warning, /^8 users replay 4 sessions/)
})

test('loads that draw different samples of one trace are each checked by their own', async () => {
  assert.deepEqual((await checked([load({ seed: 1 }), load({ seed: 2 })])).requests, [100, 100])
})
