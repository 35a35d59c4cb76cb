import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../src/analysis/analyse.ts'
import type { PointResult } from '../../src/journal/event.ts'
import type { Measurement } from '../../src/metrics/measurement.ts'
import { loadPageAssets } from '../../src/render/html/inline-script.ts'
import { pageHtml } from '../../src/render/html/page.ts'
import { summaryMarkdown } from '../../src/render/markdown/summary.ts'
import { reportOf } from '../../src/render/views/report.ts'
import { wholeRuns } from '../../src/render/views/whole-runs.ts'
import { aggregated, disaggregated, syntheticRun } from './synthetic-run.ts'

/** A steady window whose whole run has `factor` times its TTFT, and as much throughput. */
const withWhole = (result: PointResult, factor: number, change: Partial<Measurement> = {}): PointResult => {
  const { measurement } = result
  if (measurement === null) return result
  const { ttftMs } = measurement
  const whole = {
    ...measurement,
    ttftMs: ttftMs === null ? null : { ...ttftMs, p95: (ttftMs.p95 ?? Number.NaN) * factor },
  }
  return { ...result, measurement: { ...measurement, window: 'steady', whole, ...change } }
}
const isBurst = ({ point: { load, deployment } }: PointResult) =>
  load.level.kind === 'concurrency' && load.level.concurrency === 64 && deployment.topology.kind === 'aggregated'
const options = { topologies: [aggregated(2), disaggregated(1, 1)], workloads: [[1000, 100]] } as const
const analysisOf = (change: (result: PointResult) => PointResult, repeats = 1) =>
  analyse(syntheticRun({ ...options, repeats, change }))

describe('whole runs', () => {
  const some = analysisOf(result => withWhole(result, isBurst(result) ? 3 : 1.02))

  test('stand beside the steady windows that they differ from, and beside no others', () => {
    const [row, ...more] = wholeRuns(some)
    assert.deepEqual(more, [])
    assert.deepEqual([row?.deployment, row?.load], ['agg x2', 'concurrency 64'])
    assert.equal(row?.figures.find(({ title }) => title === 'TTFT p95')?.change, '+200%')
    assert.equal(row?.figures.find(({ title }) => title === 'Output tokens/s')?.change, '0%')
  })

  test('are a section of the page and of summary.md', async () => {
    const report = reportOf(some)
    const page = pageHtml(report, await loadPageAssets())
    const section = /<section id="whole-runs".*?<\/section>/s.exec(page)?.[0] ?? ''
    assert.match(section, /1 of 8 points whose whole run differs/)
    assert.match(section, /<td class="n">\+200%<\/td>/)
    assert.match(
      summaryMarkdown(report),
      /## Whole runs\n[^#]*\| 1000\/100 \| agg x2 \| concurrency 64 \| .*\(\+200%\)/,
    )
  })

  test('are not mentioned where all tell the same, or none is known', async () => {
    for (const change of [(result: PointResult) => withWhole(result, 1.02), (result: PointResult) => result]) {
      const report = reportOf(analysisOf(change))
      assert.doesNotMatch(pageHtml(report, await loadPageAssets()), /id="whole-runs"/)
      assert.doesNotMatch(summaryMarkdown(report), /Whole runs/)
    }
  })

  test('are means over the repeats, and a dash where a figure was not observed', () => {
    const repeated = wholeRuns(analysisOf(result => withWhole(result, result.point.repeat === 1 ? 2 : 4), 2))
    assert.equal(repeated.length, 8)
    for (const { figures } of repeated)
      assert.match(figures.find(({ title }) => title === 'TTFT p95')?.change ?? '', /^\+(19|20)\d%$/)
    const [unstreamed] = wholeRuns(analysisOf(result => withWhole(result, 1, { itlMs: null, outputTokensPerS: 1 })))
    assert.deepEqual(unstreamed?.figures.find(({ title }) => title === 'ITL p95')?.change, '–')
  })
})
