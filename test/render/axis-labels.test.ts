// Test part: unit

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainLabels } from '../../src/render/charts/chart.ts'
import { svgOf } from '../../src/render/html/render.ts'

/** Labels of an axis from 0 to a value. */
async function labelsUpTo(most: number): Promise<readonly string[]> {
  const svg = await svgOf({
    data: { values: [{ y: 0 }, { y: most }] },
    mark: 'point',
    encoding: {
      y: { field: 'y', type: 'quantitative', title: null, axis: { tickCount: 2, labelExpr: plainLabels } },
    },
  })
  return [...svg.matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map(([, label = '']) => label)
}

test('labels of an axis are plain numbers below a thousand, and short above', async () => {
  assert.deepEqual(await labelsUpTo(0.4), ['0', '0.2', '0.4'])
  assert.deepEqual(await labelsUpTo(400), ['0', '200', '400'])
  assert.deepEqual(await labelsUpTo(4000), ['0', '2k', '4k'])
  assert.deepEqual(await labelsUpTo(40), ['0', '20', '40'])
})
