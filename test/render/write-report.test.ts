import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { compile } from 'vega-lite'
import { analyse } from '../../src/analysis/analyse.ts'
import { chartPoints, sampled } from '../../src/render/views/chart-point.ts'
import { writeReport } from '../../src/render/write-report.ts'
import { aggregated, disaggregated, failed, invalid, runOf, syntheticRun } from './synthetic-run.ts'

/** 2 workloads × 20 topologies × 50 loads: 2,000 points. */
const large = syntheticRun({
  topologies: [
    ...[1, 2, 3, 4].map(aggregated),
    ...[1, 2, 3, 4].flatMap(prefill => [1, 2, 3, 4].map(decode => disaggregated(prefill, decode))),
  ],
  concurrencies: Array.from({ length: 50 }, (_, i) => i * 5 + 1),
})

describe('a report on disk', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-report-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  test('is the page, the summary, the table, and each chart as specification and picture', async () => {
    const { files } = await writeReport(syntheticRun(), folder)
    const names = files.map(file => basename(file))
    for (const name of [
      'index.html',
      'summary.md',
      'points.csv',
      'frontier-8000-256.vl.json',
      'frontier-8000-256.svg',
      'frontier-all-workloads.vl.json',
      'frontier-all-workloads.svg',
    ])
      assert.ok(names.includes(name), name)
    assert.equal(new Set(names).size, names.length)
    for (const spec of files.filter(file => file.endsWith('.vl.json')))
      assert.ok(compile(JSON.parse(await readFile(spec, 'utf8'))).spec.marks?.length)
    for (const picture of files.filter(file => file.endsWith('.svg')))
      assert.match(await readFile(picture, 'utf8'), /^<svg .*<\/svg>$/s)
  })

  test('draws every valid point of the workload in its SVG', async () => {
    const svg = await readFile(join(folder, 'frontier-8000-256.svg'), 'utf8')
    const marks = /points_marks[^>]*>(.*?)<\/g>/s.exec(svg)?.[1]?.match(/<path/g) ?? []
    assert.equal(marks.length, 20)
  })

  test('of a single point has no charts as files: its row of the table says more', async () => {
    const single = syntheticRun({ topologies: [aggregated(1)], concurrencies: [8], workloads: [[1000, 100]] })
    assert.equal(single.results.length, 1)
    const { files } = await writeReport(single, join(folder, 'single'))
    assert.deepEqual(files.map(file => basename(file)).sort(), ['index.html', 'points.csv', 'summary.md'])
  })

  test('stays below 5 MB as a page for 2,000 points', async () => {
    assert.equal(large.results.length, 2000)
    await writeReport(large, folder)
    const { size } = await stat(join(folder, 'index.html'))
    assert.ok(size < 5e6, `${size} bytes`)
  })

  test('is written for a run in which nothing succeeded, and for one without results', async () => {
    for (const run of [syntheticRun({ change: r => failed(r, 'no answer') }), runOf([])]) {
      const { files } = await writeReport(run, join(folder, 'empty'))
      assert.ok(files.some(file => file.endsWith('index.html')))
    }
  })
})

test('a picture of too many points keeps all that mean something by themselves', () => {
  const points = chartPoints(
    analyse({ ...large, results: large.results.map((r, i) => (i % 97 === 0 ? invalid(r) : r)) }),
  )
  const kept = sampled(points, 300)
  assert.equal(kept.length, 300)
  for (const point of points.filter(p => p.onFrontier || p.recommended || p.status !== 'ok'))
    assert.ok(kept.includes(point))
})

test('a picture of few points has all of them', () => {
  const points = chartPoints(analyse(syntheticRun()))
  assert.equal(sampled(points, 300), points)
})
