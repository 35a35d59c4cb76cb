import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { topologyLabel } from '../../src/model/index.ts'
import { problems, read, sweepText } from './sweep-text.ts'

const labels = async (topologies: string) =>
  (await read(sweepText({ topologies }))).deployments.map(item => topologyLabel(item.topology))

describe('topologies', () => {
  test('prefill and decode counts are crossed, decode turning fastest', async () => {
    assert.deepEqual(await labels('{ prefill: [1, 2], decode: [1, 2] }'), ['1P1D', '1P2D', '2P1D', '2P2D'])
  })

  test('entries are united, and one that several entries list is visited once', async () => {
    assert.deepEqual(await labels('[{ aggregated: [1, 2] }, 1P1D, { prefill: 1, decode: [1, 2] }]'), [
      'agg x1',
      'agg x2',
      '1P1D',
      '1P2D',
    ])
  })

  test('GPU limits count the GPUs of all roles', async () => {
    // Four GPUs a worker, as the profile says.
    assert.deepEqual(await labels('{ prefill: [1, 2, 3], decode: [1, 2], max_gpus: 12, min_gpus: 9 }'), [
      '1P2D',
      '2P1D',
    ])
  })

  test('worker limits leave out topologies', async () => {
    assert.deepEqual(
      await labels('{ prefill: [1, 2, 3], decode: [1, 2, 3], min_prefill: 2, max_prefill: 2, min_decode: 2 }'),
      ['2P2D', '2P3D'],
    )
    assert.deepEqual(await labels('{ prefill: [1, 2], decode: [1, 2], max_workers: 2 }'), ['1P1D'])
  })

  test('ratio limits are exact, however the ratio is written', async () => {
    const thirds = '{ prefill: [1, 2, 3], decode: [3], min_ratio: 1:3, max_ratio: 2:3 }'
    assert.deepEqual(await labels(thirds), ['1P3D', '2P3D'])
    assert.deepEqual(await labels('{ prefill: [1, 2, 3], decode: [2], max_ratio: 1 }'), ['1P2D', '2P2D'])
  })

  test('constraints that leave nothing are a mistake', async () => {
    const [none] = await problems(sweepText({ topologies: '{ prefill: [1, 2], decode: 1, min_prefill: 3 }' }))
    assert.match(none ?? '', /^4:13: the constraints of this entry exclude every topology; /)
    const [gpus] = await problems(sweepText({ topologies: '[agg x1, { prefill: [2, 3], decode: 1, max_gpus: 8 }]' }))
    assert.match(gpus ?? '', /^4:22: no topology of topologies\[1\] has at most 8 GPUs; /)
  })

  test('without topologies, one aggregated worker is measured', async () => {
    assert.deepEqual(await labels(''), ['agg x1'])
  })
})

describe('engine settings', () => {
  const settingsOf = async (engine: string, topologies = '[1P1D]') =>
    (await read(sweepText({ topologies, engine }))).deployments.map(item => item.engine)

  test('lists are axes and are crossed over roles', async () => {
    const engines = await settingsOf('{ prefill: { max_batch_size: [1, 2] }, decode: { max_batch_size: [3, 4] } }')
    assert.deepEqual(
      engines.map(engine => [engine.prefill?.max_batch_size, engine.decode?.max_batch_size]),
      [
        [1, 3],
        [1, 4],
        [2, 3],
        [2, 4],
      ],
    )
  })

  test('an axis of all roles moves them together', async () => {
    const engines = await settingsOf('{ all: { max_batch_size: [1, 2] } }')
    assert.deepEqual(engines, [
      { prefill: { max_batch_size: 1 }, decode: { max_batch_size: 1 } },
      { prefill: { max_batch_size: 2 }, decode: { max_batch_size: 2 } },
    ])
  })

  test('a topology is crossed with the settings of its own roles only', async () => {
    const engines = await settingsOf('{ prefill: { max_batch_size: [1, 2] } }', '[agg x1, 1P1D]')
    assert.deepEqual(
      engines.map(engine => Object.keys(engine)),
      [['aggregated'], ['prefill', 'decode'], ['prefill', 'decode']],
    )
  })

  test('a setting of all roles and of one contradict each other', async () => {
    const found = await problems(sweepText({ engine: '{ all: { max_batch_size: 1 }, decode: { max_batch_size: 2 } }' }))
    assert.match(found[0] ?? '', /^7:49: max_batch_size is set both for all roles and for decode; /)
  })

  test('settings that the simulated engine does not model are refused by name', async () => {
    const found = await problems(sweepText({ engine: '{ decode: { max_batch_sise: 4 } }' }))
    assert.match(found[0] ?? '', /^7:21: engine\.decode\.max_batch_sise is not modeled/)
  })
})
