import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { RunSummary } from '../../src/site/catalogue.ts'
import { listingOf, orderNames } from '../../src/site/listing.ts'
import { unknownFields } from '../../src/site/search.ts'

const run = (at: number, throughput: number | null): RunSummary => ({
  folder: `/results/nightly/${at}`,
  place: { sweep: 'nightly', run: String(at) },
  sweep: 'nightly',
  runId: String(at),
  createdAt: new Date(1e12 - at * 1000).toISOString(),
  models: [],
  revision: '',
  deployer: 'simulated',
  host: '',
  state: 'complete',
  problem: '',
  points: { planned: 1, ok: 1, invalid: 0, failed: 0 },
  latest: null,
  best:
    throughput === null
      ? null
      : {
          tokensPerSPerGpu: throughput,
          tokensPerSPerUser: null,
          ttftP95Ms: null,
          gpus: 1,
          workload: '',
          deployment: '',
          load: '',
          slo: 'none',
        },
  isBaseline: false,
  stamp: '',
})

const listed = (runs: readonly RunSummary[], query: string) => {
  const listing = listingOf(runs, new URLSearchParams(query))
  if ('message' in listing) assert.fail(listing.message)
  return listing
}
const ids = (runs: readonly RunSummary[], query: string) => listed(runs, query).runs.map(({ runId }) => runId)
const problem = (query: string) => {
  const listing = listingOf([], new URLSearchParams(query))
  return 'message' in listing ? `${listing.message} ${listing.remedy}` : assert.fail('no problem')
}

describe('the list of runs', () => {
  const runs = [run(1, 5), run(2, null), run(3, 9), run(4, 5)]

  test('is the youngest first unless it is sorted', () => assert.deepEqual(ids(runs, ''), ['1', '2', '3', '4']))

  test('sorts either way, with what is not known last', () => {
    assert.deepEqual(ids(runs, 'sort=-throughput'), ['3', '1', '4', '2'])
    assert.deepEqual(ids(runs, 'sort=throughput'), ['1', '4', '3', '2'])
    assert.deepEqual(ids(runs, 'sort=created'), ['4', '3', '2', '1'])
  })

  test('is cut into pages, the last of which may be short or empty', () => {
    const many = Array.from({ length: 250 }, (_, at) => run(at, at))
    assert.deepEqual([listed(many, '').pages, listed(many, '').runs.length], [3, 100])
    assert.deepEqual(listed(many, 'page=3').runs.length, 50)
    assert.deepEqual(listed(many, 'page=4').runs, [])
    assert.deepEqual(ids(many, 'per_page=2&page=2'), ['2', '3'])
    assert.equal(listed([], '').pages, 1)
  })

  test('names an order, a field or a page that it does not have', () => {
    assert.match(problem('sort=speed'), /Unknown order 'speed'.*throughput/)
    assert.match(problem('q=modle:qwen'), /Unknown field 'modle'.*model/)
    for (const query of ['page=0', 'page=x', 'per_page=1001', 'page=-1', 'page=1.5'])
      assert.match(problem(query), /Invalid page/, query)
    assert.match(problem('sort=constructor'), /Unknown order/)
  })

  test('whatever order is asked for has each run once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.double({ noNaN: true }))),
        fc.constantFrom(...orderNames.flatMap(name => [name, `-${name}`])),
        (values, sort) => {
          const all = values.map((value, at) => run(at, value))
          const found = ids(all, `sort=${sort}&per_page=1000`)
          assert.deepEqual([...found].sort(), all.map(({ runId }) => runId).sort())
        },
      ),
    )
  })
})

test('a word before a colon that is no field is unknown, but not in an address, in quotes or half typed', () => {
  assert.deepEqual(unknownFields('modle:qwen model:x -stat:y modle:z'), ['modle', 'stat'])
  for (const query of ['http://host', '"foo:bar"', 'model:"foo:bar"', 'foo:', 'plain words', ''])
    assert.deepEqual(unknownFields(query), [], query)
})
