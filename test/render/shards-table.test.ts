import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ShardHealth } from '../../src/metrics/measurement.ts'
import { shardsTable } from '../../src/render/html/sections/shards.ts'
import { syntheticRun } from './synthetic-run.ts'

const shard = (host: string, over: Partial<ShardHealth> = {}): ShardHealth => ({
  host,
  requests: 5,
  clock: { offsetMs: 1, uncertaintyMs: 0.2, wallOffsetMs: 0, driftMs: -0.4 },
  sendLatenessMs: null,
  eventLoopDelayMs: { mean: 1, p99: 2, max: 4 },
  cpuShare: 0.25,
  ...over,
})

/** A run of two points whose loads were split. */
const split = (shards: (index: number) => readonly ShardHealth[]) =>
  syntheticRun({
    workloads: [[1000, 1000]],
    topologies: [{ kind: 'aggregated', workers: 1 }],
    concurrencies: [4, 16],
    change: (result, index) =>
      result.measurement === null
        ? result
        : {
            ...result,
            measurement: { ...result.measurement, client: { ...result.measurement.client, shards: shards(index) } },
          },
  }).results

test('a load that was not split has no table of shards', () => {
  assert.equal(shardsTable(syntheticRun().results), null)
})

test('each shard is told at its worst over its points; where it was lost, the point is named', () => {
  const results = split(index => [
    shard('this machine', { cpuShare: index === 0 ? 0.25 : 0.75 }),
    shard('<b>gpu-02</b>', { requests: index === 0 ? 7 : null }),
  ])
  const text = shardsTable(results)?.html ?? ''
  assert.match(text, /split over 2 processes/)
  const rows = [...text.matchAll(/<tr>(<td>.*?)<\/tr>/g)].map(([, row = '']) =>
    [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell),
  )
  assert.deepEqual(rows, [
    ['1: this machine', '2', '10', '–', '2 ms', '75%', '0.2 ms', '0.4 ms', ''],
    [
      '2: &lt;b&gt;gpu-02&lt;/b&gt;',
      '2',
      '7',
      '–',
      '2 ms',
      '25%',
      '0.2 ms',
      '0.4 ms',
      `<em>${results[1]?.point.id}</em>`,
    ],
  ])
})
