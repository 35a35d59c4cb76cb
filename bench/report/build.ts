/**
 * Time and memory to build a report and a comparison, by the number of points. The runs are synthetic (test/report/synthetic-run.ts):
 * what is measured is Fulcrum's own work, not a deployment.
 *
 *   node bench/report/build.ts            100, 2,000 and 20,000 points, each in a process of its own
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { compareRuns } from '../../src/analysis/compare/compare.ts'
import { writeComparison } from '../../src/report/comparison/write-comparison.ts'
import { writeReport } from '../../src/report/write-report.ts'
import { launchChromium } from '../../test/report/browser.ts'
import { aggregated, disaggregated, syntheticRun } from '../../test/report/synthetic-run.ts'

const sizes = { 100: 5, 2000: 100, 20000: 1000 }

/** 2 workloads × 10 topologies × the given number of loads. */
function runOfLoads(loads: number) {
  return syntheticRun({
    topologies: [
      aggregated(1),
      aggregated(2),
      aggregated(4),
      disaggregated(1, 1),
      disaggregated(2, 1),
      disaggregated(3, 1),
      disaggregated(1, 2),
      disaggregated(1, 3),
      disaggregated(2, 2),
      disaggregated(3, 3),
    ],
    concurrencies: Array.from({ length: loads }, (_, i) => i + 1),
  })
}

async function firstPaintMs(file: string): Promise<{ paint: number; drawn: number }> {
  const browser = await launchChromium()
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    await page.goto(pathToFileURL(file).href)
    const drawn = await page.waitForFunction(
      `[...document.querySelectorAll('section.workload:not([hidden]) [data-chart]')].every(p => p.dataset.drawn) && performance.now()`,
    )
    const paint = await page.evaluate(`performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN`)
    return { paint: Number(paint), drawn: Number(await drawn.jsonValue()) }
  } finally {
    await browser.close()
  }
}

/** One size in this process; prints a line of JSON. */
async function measure(points: number, loads: number): Promise<void> {
  const run = runOfLoads(loads)
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-bench-'))
  try {
    const startedReport = performance.now()
    await writeReport(run, folder)
    const reportMs = performance.now() - startedReport
    const reportMb = process.resourceUsage().maxRSS / 1000
    const startedComparison = performance.now()
    await writeComparison(compareRuns(run, runOfLoads(loads)), folder)
    const comparisonMs = performance.now() - startedComparison
    const comparisonMb = process.resourceUsage().maxRSS / 1000
    const page = join(folder, 'index.html')
    const pageMb = (await stat(page)).size / 1e6
    const comparisonPageMb = (await stat(join(folder, 'comparison.html'))).size / 1e6
    const { paint, drawn } = await firstPaintMs(page)
    console.log(
      JSON.stringify({
        points,
        reportMs,
        reportMb,
        pageMb,
        paint,
        drawn,
        comparisonMs,
        comparisonMb,
        comparisonPageMb,
      }),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const [points, loads] = process.argv.slice(2).map(Number)
if (points !== undefined && loads !== undefined) {
  await measure(points, loads)
} else {
  for (const [size, count] of Object.entries(sizes)) {
    const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, size, String(count)])
    process.stdout.write(stdout)
  }
}
