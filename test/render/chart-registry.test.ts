// Test part: browser

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { chart } from '../../src/render/charts/chart.ts'
import { workloadCharts } from '../../src/render/charts/registry.ts'
import type { WorkloadChart } from '../../src/render/charts/workload-chart.ts'
import { html } from '../../src/render/html/html.ts'
import { writeReport } from '../../src/render/write-report.ts'
import { launchChromium, openPage } from './browser.ts'
import { aggregated, disaggregated, syntheticRun } from './synthetic-run.ts'

/** What somebody would write in a file of its own: GPUs of each point, from rows of its own. */
const gpuChart: WorkloadChart = {
  kind: 'gpus',
  title: 'GPUs of each deployment',
  about: ({ points }) => `One bar for each of ${points.length} points.`,
  size: 'half',
  data: { name: 'gpus', rows: ({ points }) => points.map(({ deployment, gpus }) => ({ deployment, gpus })) },
  panels: ({ section, target, input }) =>
    section.points.length === 0
      ? []
      : [
          {
            kind: 'gpus',
            spec: chart(
              { ...input('GPUs'), rows: { name: 'gpus', values: gpuChart.data.rows(section) } },
              target,
              200,
              [
                {
                  mark: 'bar',
                  encoding: {
                    x: { field: 'deployment', type: 'nominal' },
                    y: { field: 'gpus', type: 'quantitative', aggregate: 'max' },
                  },
                },
              ],
            ),
          },
        ],
  table: {
    title: 'GPUs',
    of: ({ points }) =>
      html`<table><tbody>${points.map(({ gpus }) => html`<tr><td>${gpus}</td></tr>`)}</tbody></table>`,
  },
}

const run = syntheticRun({ topologies: [aggregated(2), disaggregated(1, 1)], concurrencies: [4, 16] })

describe('a chart that is added to the registry', () => {
  let browser: Browser
  let folder: string
  let page: string
  before(async () => {
    browser = await launchChromium()
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-charts-'))
    await writeReport(run, folder, [...workloadCharts, gpuChart])
    page = await readFile(join(folder, 'index.html'), 'utf8')
  })
  after(async () => {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('has a section with its title, its place and its table in each workload', () => {
    assert.equal(page.match(/<h3>GPUs of each deployment<\/h3>/g)?.length, 2)
    assert.equal(page.match(/<p>One bar for each of 4 points\.<\/p>/g)?.length, 2)
    assert.equal(page.match(/data-chart="gpus"/g)?.length, 2)
    assert.equal(page.match(/<summary>GPUs, as a table<\/summary><table><tbody>(<tr><td>8<\/td><\/tr>){4}/g)?.length, 2)
  })

  test('is a picture and a specification of each workload', async () => {
    for (const slug of ['8000-256', '1000-1000']) {
      assert.match(await readFile(join(folder, `gpus-${slug}.svg`), 'utf8'), /<svg/)
      const spec = JSON.parse(await readFile(join(folder, `gpus-${slug}.vl.json`), 'utf8'))
      assert.equal(spec.data.values.length, 4)
    }
  })

  test('is drawn on the page from its own rows', async () => {
    const { page: open, complaints } = await openPage(browser, pathToFileURL(join(folder, 'index.html')).href)
    assert.deepEqual(complaints, [])
    const bars = open.locator('section.workload:not([hidden]) [data-chart=gpus] g.mark-rect.role-mark path')
    assert.equal(await bars.count(), 2)
  })

  test('is left out where the workload has nothing to draw', async () => {
    const empty = join(folder, 'empty')
    await writeReport(run, empty, [{ ...gpuChart, panels: () => [] }])
    assert.doesNotMatch(await readFile(join(empty, 'index.html'), 'utf8'), /GPUs of each deployment/)
  })
})

test('every registered chart has a kind of its own', () => {
  assert.equal(new Set(workloadCharts.map(({ kind }) => kind)).size, workloadCharts.length)
})
