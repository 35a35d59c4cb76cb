import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { analyse } from '../../src/analysis/analyse.ts'
import type { JournalEvent, Run } from '../../src/journal/index.ts'
import { pointsCsv } from '../../src/render/export/points-csv.ts'
import { leftOutSection } from '../../src/render/html/sections/left-out.ts'
import { summaryMarkdown } from '../../src/render/markdown/summary.ts'
import { reportOf } from '../../src/render/views/report.ts'
import { parseCsv } from './parse-csv.ts'
import { syntheticRun } from './synthetic-run.ts'

/** A run of which the search left two load levels out, and a repeat of one that it measured. */
function searchedRun(): Run {
  const run = syntheticRun()
  const point = run.results[0]?.point
  assert.ok(point)
  const { deployment, load } = point
  const workload = { ...point.workload, name: '<b>chat</b>' }
  const common = { workload, load }
  const event: JournalEvent = {
    type: 'left-out',
    deployment,
    points: [
      { ...common, pointIds: ['aa01', 'aa02'], reason: 'dominated', why: 'expected 1', expected: { x: 1, y: 2 } },
      { ...common, pointIds: ['bb01'], reason: 'saturated', why: 'expected 2', expected: { x: 2, y: 1 } },
      { ...common, pointIds: ['cc02'], reason: 'repeat', why: 'measured once', expected: null },
    ],
  }
  return { ...run, lines: [...run.lines, { seq: run.lines.length, at: '', event }] }
}

describe('what a search left out', () => {
  const run = searchedRun()

  test('stands in points.csv, a row a point, with the reason and without figures', () => {
    const rows = parseCsv(pointsCsv(run))
    const leftOut = rows.filter(row => row.status === 'left-out')
    assert.deepEqual(
      leftOut.map(row => row.point_id),
      ['aa01', 'aa02', 'bb01', 'cc02'],
    )
    for (const row of leftOut) {
      assert.match(row.reason ?? '', /: (expected|measured once)/)
      assert.equal(row.output_tokens_per_s_per_gpu, '')
      assert.equal(row.topology, 'agg x2')
    }
    assert.equal(rows.length, parseCsv(pointsCsv(syntheticRun())).length + 4)
  })

  test('stands on the page by reason, each level in a table, text from outside as text', () => {
    const section = leftOutSection(reportOf(analyse(run)))?.html ?? ''
    assert.match(section, /2 × a measured point is at least as good on both axes/)
    assert.match(section, /1 × a repeat that decides no recommendation/)
    assert.match(section, /&lt;b&gt;chat&lt;\/b&gt;/)
    assert.equal(section.match(/<tr><td>/g)?.length, 2)
  })

  test('stands in summary.md by reason', () => {
    assert.match(summaryMarkdown(reportOf(analyse(run))), /## Left out by the search\n\n- 2 × a measured point/)
  })

  test('has no place in the report of a grid', () => {
    const grid = reportOf(analyse(syntheticRun()))
    assert.equal(leftOutSection(grid), null)
    assert.doesNotMatch(summaryMarkdown(grid), /Left out by the search/)
  })
})
