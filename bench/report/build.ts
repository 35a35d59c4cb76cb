/**
 * Time and memory to build a report and a comparison, by the number of points, and how soon Chromium paints the page.
 * The runs are synthetic (test/render/synthetic-run.ts): what is measured is Fulcrum's own work, not a deployment.
 *
 *   node bench/report/build.ts
 *     100, 2,000 and 20,000 points, report and comparison each in a process of its own
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { compareRuns } from '../../src/analysis/compare/compare.ts'
import { writeComparison } from '../../src/render/write-comparison.ts'
import { writeReport } from '../../src/render/write-report.ts'
import { launchChromium } from '../../test/render/browser.ts'
import { aggregated, disaggregated, syntheticRun } from '../../test/render/synthetic-run.ts'

const sizes = [
  { points: 100, loads: 5 },
  { points: 2000, loads: 100 },
  { points: 20_000, loads: 1000 },
]
type Kind = 'report' | 'comparison'

interface Figures {
  readonly wallS: number
  /** User and system time of all threads: what a busy machine changes least. */
  readonly cpuS: number
  /** Peak of the process, the synthetic runs themselves included. */
  readonly peakMb: number
  readonly pageMb: number
  readonly firstPaintS: number
  readonly drawnS: number
}

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

/** Seconds from navigation to the first contentful paint, and until every chart to be seen is drawn. */
async function paint(file: string): Promise<Pick<Figures, 'firstPaintS' | 'drawnS'>> {
  const browser = await launchChromium()
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    await page.goto(pathToFileURL(file).href)
    // Asked from outside: the page's policy allows no eval of its own.
    const seconds = async (expression: string): Promise<number> => {
      for (;;) {
        const ms = Number(await page.evaluate(expression))
        if (ms > 0) return ms / 1000
        await page.waitForTimeout(5)
      }
    }
    const drawnS = await seconds(
      `[...document.querySelectorAll('section.workload:not([hidden]) [data-chart]')].every(p => p.dataset.drawn) ? performance.now() : 0`,
    )
    const firstPaintS = await seconds(`performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0`)
    return { firstPaintS, drawnS }
  } finally {
    await browser.close()
  }
}

/** One size in this process. */
async function measure(kind: Kind, loads: number): Promise<Figures> {
  const runs = kind === 'report' ? [runOfLoads(loads)] : [runOfLoads(loads), runOfLoads(loads)]
  const [head, base = head] = runs
  if (head === undefined || base === undefined) throw new RangeError('no run')
  const folder = await mkdtemp(join(tmpdir(), 'fulcrum-bench-'))
  try {
    const cpu = process.cpuUsage()
    const started = performance.now()
    if (kind === 'report') await writeReport(head, folder)
    else await writeComparison(compareRuns(base, head), folder)
    const wallS = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(cpu)
    const page = join(folder, kind === 'report' ? 'index.html' : 'comparison.html')
    return {
      wallS,
      cpuS: (user + system) / 1e6,
      peakMb: process.resourceUsage().maxRSS / 1000,
      pageMb: (await stat(page)).size / 1e6,
      ...(await paint(page)),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const row = (points: number, kind: Kind, figures: Figures) => {
  const { wallS, cpuS, peakMb, pageMb, firstPaintS, drawnS } = figures
  const cells = [
    points.toLocaleString('en-US'),
    kind,
    `${wallS.toFixed(1)} s`,
    `${cpuS.toFixed(1)} s`,
    `${peakMb.toFixed(0)} MB`,
    `${pageMb.toFixed(1)} MB`,
    `${firstPaintS.toFixed(2)} s`,
    `${drawnS.toFixed(1)} s`,
  ]
  return `| ${cells.join(' | ')} |`
}

const [kind, loads] = process.argv.slice(2)
if (kind === 'report' || kind === 'comparison') {
  console.log(JSON.stringify(await measure(kind, Number(loads))))
} else {
  console.log(
    `Load average at the start: ${loadavg()
      .map(load => load.toFixed(1))
      .join(', ')}\n`,
  )
  console.log('| points | what | built in | CPU | memory, peak | page | first contentful paint | all drawn |')
  console.log('|---:|---|---:|---:|---:|---:|---:|---:|')
  for (const size of sizes)
    for (const what of ['report', 'comparison'] as const) {
      const args = [import.meta.filename, what, String(size.loads)]
      const { stdout } = await promisify(execFile)(process.execPath, args)
      console.log(row(size.points, what, JSON.parse(stdout)))
    }
}
