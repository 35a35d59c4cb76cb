// Test part: long

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../src/analysis/analyse.ts'
import type { PointResult, Run } from '../../src/journal/index.ts'
import type { Point } from '../../src/model/index.ts'
import { pointsOf as plannedOf } from '../../src/plan/points.ts'
import { loadPageAssets } from '../../src/render/html/inline-script.ts'
import { pageHtml } from '../../src/render/html/page.ts'
import { reportOf } from '../../src/render/views/report.ts'
import { sweepOf } from '../../src/spec/load-sweep.ts'
import { largeSweeps } from '../plan/large-sweeps.ts'
import { failed, invalid, runOf, syntheticMeasurement } from './synthetic-run.ts'

/** What a phone opens without a wait, whatever the run. */
const mostBytes = 5e6

const shapes = largeSweeps(5000)

async function pointsOf(shape: string): Promise<readonly Point[]> {
  const path = '/large.yaml'
  const sweep = await sweepOf({ text: shapes[shape] ?? '', path, shown: path, options: {} })
  // In file order: ordering thousands of deployments takes longer than a page.
  const points = sweep.deployments.flatMap(deployment => plannedOf(sweep, deployment))
  assert.equal(points.length, 5000)
  return points
}

const measured = (point: Point): PointResult => ({
  point,
  status: 'ok',
  reason: '',
  findings: [],
  measurement: syntheticMeasurement(point),
})

async function page(run: Run): Promise<string> {
  const text = pageHtml(reportOf(analyse(run)), await loadPageAssets())
  assert.ok(text.length < mostBytes, `${text.length} bytes`)
  return text
}

describe('the page of a run of 5,000 points stays below 5 MB', () => {
  for (const shape of Object.keys(shapes))
    test(`with ${shape}`, async () => {
      await page(runOf((await pointsOf(shape)).map(measured)))
    })

  const why = 'the client ran out of CPU, and 17 of 40 requests were sent more than 20 ms late '.repeat(3)
  test('when no point is valid', async () => {
    await page(runOf((await pointsOf('deployments alone')).map(point => invalid(measured(point), why))))
  })

  test('when every point failed', async () => {
    await page(runOf((await pointsOf('many settings')).map(point => failed(measured(point), why))))
  })

  test('when a search left most of it out', async () => {
    const points = await pointsOf('many settings')
    const kept = points.filter((_, i) => i % 25 === 0)
    const deployments = [...Map.groupBy(points, ({ deployment }) => deployment)]
    const lines = deployments.map(([deployment, own], seq) => ({
      seq,
      at: '',
      event: {
        type: 'left-out' as const,
        deployment,
        points: own.map(({ id, workload, load }) => ({
          ...{ pointIds: [id], workload, load, expected: { x: 1, y: 1 } },
          ...{ reason: 'dominated' as const, why: 'expected 10.1 tokens/s per user and 20.2 per GPU; 1P1D has more' },
        })),
      },
    }))
    await page({ ...runOf(kept.map(measured)), lines })
  })

  test('and says how many deployments its charts show, what is recommended among them', async () => {
    const results = (await pointsOf('deployments alone')).map(measured)
    const report = reportOf(analyse(runOf(results)))
    const [section] = report.sections
    const shown = new Set(section?.drawn.map(({ key }) => key))
    const telling = section?.points.filter(point => point.recommended || point.onFrontier) ?? []
    assert.ok(telling.length > 1)
    assert.deepEqual(
      telling.filter(({ key }) => !shown.has(key)),
      [],
    )
    assert.match(await page(runOf(results)), /The charts show 300 of 5000 deployments/)
  })
})
