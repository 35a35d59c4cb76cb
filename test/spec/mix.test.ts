import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { topologyLabel } from '../../src/model/index.ts'
import { problems, read, sweepText } from './sweep-text.ts'

const two = { workloads: '[8000/256, 1000/1000]' }

describe('the mix of a sweep file', () => {
  test('is the shares of its workloads', async () => {
    const { mix } = await read(sweepText({ ...two, mix: '{ 8000/256: 3, 1000/1000: 1 }' }))
    assert.deepEqual(mix, { '8000/256': 0.75, '1000/1000': 0.25 })
  })
  test('changes no point', async () => {
    const ids = async (text: string) => (await read(text)).deployments.map(({ id }) => id)
    assert.deepEqual(await ids(sweepText({ ...two, mix: '{ 8000/256: 1 }' })), await ids(sweepText(two)))
  })
  test('names only workloads that there are', async () => {
    assert.deepEqual(await problems(sweepText({ ...two, mix: '{ 8000/265: 1 }' })), [
      '7:8: unknown workload "8000/265"; did you mean "8000/256"?',
    ])
  })
})

describe('calibrate: true', () => {
  const topologiesOf = async (topologies: string) =>
    (await read(sweepText({ topologies, calibrate: 'true' }))).deployments.map(({ topology }) =>
      topologyLabel(topology),
    )

  test('adds the topologies where one worker of a role meets as many of the other as there is room for', async () => {
    assert.deepEqual(await topologiesOf('[2P2D, agg x2]'), ['2P2D', 'agg x2', '1P3D', '3P1D'])
  })
  test('adds none that the sweep has', async () => {
    assert.deepEqual(await topologiesOf('[1P2D, 2P1D]'), ['1P2D', '2P1D'])
  })
  test('is refused where there is no room', async () => {
    assert.deepEqual(await problems(sweepText({ topologies: '[1P1D]', calibrate: 'true' })), [
      '7:12: 1P1D has one worker of each role; list a topology of three workers or more, such as 1P2D, or remove calibrate',
    ])
  })
})
