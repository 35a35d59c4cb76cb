import assert from 'node:assert/strict'
import { test } from 'node:test'
import { analyse } from '../../src/analysis/analyse.ts'
import { summaryMarkdown } from '../../src/render/markdown/summary.ts'
import { overallFrontierTable } from '../../src/render/views/frontier-table.ts'
import { reportOf } from '../../src/render/views/report.ts'
import { syntheticRun } from './synthetic-run.ts'

const both = analyse(syntheticRun())
const one = analyse(syntheticRun({ workloads: [[8000, 256]] }))

test('a run of one workload has no overall frontier beside its own', () => {
  assert.equal(reportOf(one).overall, null)
  assert.deepEqual(overallFrontierTable(one), [])
  assert.doesNotMatch(summaryMarkdown(reportOf(one)), /All workloads/)
})

test('the overall frontier recommends nothing and names what dominates each other point, with its workload', () => {
  const points = reportOf(both).overall?.points ?? []
  assert.equal(points.length, both.points.length)
  assert.equal(points.filter(point => point.onFrontier).length, both.overallFrontier.length)
  assert.ok(points.every(point => !point.recommended))
  for (const { onFrontier, standing } of points)
    assert.match(standing, onFrontier ? /^on the overall frontier$/ : /^dominated by .+, workload \d+\/\d+$/)
})

test('the summary lists it with each point its workload, after the caveat', () => {
  const text = summaryMarkdown(reportOf(both))
  const [, section = ''] = text.split('## All workloads')
  assert.match(section, /Workloads differ in difficulty/)
  assert.equal(section.match(/^\| (8000|1000)\/\d+ \|/gm)?.length, both.overallFrontier.length)
})

test('a workload that is called as the section is keeps its own place on the page', () => {
  const run = syntheticRun()
  const results = run.results.map(result => ({
    ...result,
    point: {
      ...result.point,
      workload: {
        ...result.point.workload,
        name: result.point.workload.name === '8000/256' ? 'All workloads' : 'other',
      },
    },
  }))
  const report = reportOf(analyse({ ...run, results }))
  const slugs = [...report.sections.map(section => section.slug), report.overall?.slug]
  assert.equal(new Set(slugs).size, slugs.length)
})
