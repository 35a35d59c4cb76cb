import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parquetReadObjects } from 'hyparquet'
import { analyse } from '../../src/analysis/analyse.ts'
import { compareRuns } from '../../src/analysis/compare/compare.ts'
import { parseThreshold } from '../../src/analysis/compare/threshold.ts'
import { parseGate } from '../../src/analysis/gates/gate.ts'
import { limitOutcome } from '../../src/analysis/gates/limit.ts'
import { parseHistoryThreshold } from '../../src/analysis/history/gate.ts'
import { historyOf } from '../../src/analysis/history/history.ts'
import { type Figure, figures, firstFigures, units } from '../../src/metrics/figures/index.ts'
import { columnsOf } from '../../src/render/export/columns.ts'
import { openMetricsOf } from '../../src/render/export/openmetrics.ts'
import { pointsParquetOf } from '../../src/render/export/parquet.ts'
import { pointsCsvOf } from '../../src/render/export/points-csv.ts'
import { loadPageAssets } from '../../src/render/html/inline-script.ts'
import { pageHtml } from '../../src/render/html/page.ts'
import { summaryMarkdown } from '../../src/render/markdown/summary.ts'
import { frontierText } from '../../src/render/terminal/frontier.ts'
import { frontierTable } from '../../src/render/views/frontier-table.ts'
import { reportOf } from '../../src/render/views/report.ts'
import { parseCsv } from './parse-csv.ts'
import { aggregated, disaggregated, syntheticRun } from './synthetic-run.ts'

/** What somebody would write in a file of its own: a made-up figure that the registry does not have. */
const heat: Figure = {
  name: 'heat_j',
  title: 'Made-up heat',
  unit: 'J',
  better: 'lower',
  of: ({ requests }) => 1000 * requests.completed,
  shownIn: ['tables', 'comparison', 'history'],
}
const registry = [...figures, heat]
const quiet: Figure = { ...heat, shownIn: [] }

const run = syntheticRun({ topologies: [aggregated(1), disaggregated(1, 1)], workloads: [[1000, 100]], repeats: 2 })
const analysis = analyse(run, registry)
const limits = { allowance: { lost: 0 }, runName: 'the run' }

describe('a figure that is added to the registry', () => {
  test('is the last column of points.csv, and moves no other', () => {
    const names = columnsOf(registry).map(({ name }) => name)
    assert.deepEqual(names, [...columnsOf().map(({ name }) => name), 'heat_j'])
    const [row] = parseCsv(pointsCsvOf(analysis))
    assert.equal(row?.heat_j, String(1000 * Number(row?.completed)))
  })

  test('is a typed column of Parquet with its meaning', async () => {
    const [row] = await parquetReadObjects({ file: pointsParquetOf(analysis).buffer as ArrayBuffer })
    assert.equal(typeof row?.heat_j, 'number')
    assert.equal(columnsOf(registry).at(-1)?.meaning, 'Made-up heat, J')
  })

  test('is a gauge of OpenMetrics in its base unit', () => {
    const lines = openMetricsOf(analysis).split('\n')
    assert.ok(lines.includes('# UNIT fulcrum_heat_joules joules'))
    assert.equal(lines.filter(line => line.startsWith('fulcrum_heat_joules{')).length, analysis.points.length)
  })

  test('is a column of the page’s tables and a line of each point’s details', async () => {
    const page = pageHtml(reportOf(analysis), await loadPageAssets())
    assert.match(page, /<th class="n" data-figure="heat_j">Made-up heat<\/th>/)
    const data = JSON.parse(/id="report-data">(.*?)<\/script>/s.exec(page)?.[1] ?? '{}')
    const at = data.figures.findIndex(([title]: [string]) => title === 'Made-up heat')
    for (const { detail } of data.workloads[0].points) assert.ok(detail.figures[at] > 0)
  })

  test('is a column of the frontier in summary.md and in the terminal', () => {
    assert.match(
      summaryMarkdown(reportOf(analysis)),
      /\| ITL p95 \| Made-up heat \| SLO \|\n(\|:?-+:?)+\|\n\| → .*\| [\d,]+ \| (yes|no) \|/,
    )
    assert.match(frontierText(frontierTable(analysis)), /ITL p95 +Made-up heat +SLO/)
    assert.ok(frontierTable(analyse(run)).every(row => row.more === undefined))
  })

  test('takes a limit of --fail-on in any spelling of its unit, with or without the unit in its name', () => {
    for (const [text, outcome] of [
      ['heat_j>1j', 'failed'],
      ['heat>10000kJ', 'passed'],
    ] as const) {
      const gate = parseGate(text, null, registry)
      assert.ok(gate.kind === 'limit')
      assert.equal(limitOutcome(gate, run, limits).outcome, outcome, text)
    }
    assert.throws(() => parseGate('heat_j>1j', null), /unknown figure 'heat_j'/)
  })

  test('is compared, where it says so or a gate names it', () => {
    const compared = (figure: Figure, gates: string[] = []) =>
      compareRuns(
        run,
        run,
        gates.map(gate => parseThreshold(gate, [...figures, figure])),
        [],
        undefined,
        [...figures, figure],
      ).points.every(({ changes }) => changes.some(change => change.figure === figure))
    assert.ok(compared(heat))
    assert.ok(!compared(quiet))
    assert.ok(compared(quiet, ['heat>5%']))
  })

  test('is followed over runs, where it says so', () => {
    const followed = (figure: Figure) =>
      historyOf('nightly', [run, run], null, [...figures, figure]).trends.filter(trend => trend.figure === figure)
    assert.equal(followed(heat).length, analysis.points.length)
    assert.equal(followed(quiet).length, 0)
    assert.equal(parseHistoryThreshold('heat>5%', registry).figure, heat)
    assert.throws(() => parseHistoryThreshold('heat>5%', [...figures, quiet]), /doesn't follow/)
  })
})

describe('the registry', () => {
  test('gives every figure a name of its own that ends with its unit', () => {
    assert.equal(new Set(figures.map(({ name }) => name)).size, figures.length)
    for (const { name, unit } of figures) assert.ok(name.endsWith(units[unit].ending), name)
  })

  test('keeps the figures whose columns scripts rely on', () => {
    for (const figure of firstFigures) assert.ok(figures.includes(figure), figure.name)
  })
})
