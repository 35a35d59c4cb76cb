/**
 * Pictures of reports for README.md and docs/images, from the runs of results/baseline:
 *
 *   node scripts/report-pictures.ts
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { reportRun } from '../src/commands/report.ts'

const root = join(import.meta.dirname, '..')

/** A report down to its selected point, or that part alone; as it opens, or with a workload chosen. */
interface Picture {
  readonly name: string
  readonly run: string
  readonly width: number
  readonly workload?: string
  readonly isPart?: true
}

const pictures: readonly Picture[] = [
  { name: 'report', run: 'quick', width: 1200 },
  { name: 'variants', run: 'variants', width: 1280, workload: '4000/32 prefix 90%' },
  { name: 'point', run: 'h100-vllm-disagg', width: 1240, isPart: true },
]

await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(join(tmpdir(), 'fulcrum-pictures-'))
cleanup.defer(() => rm(folder, { recursive: true, force: true }))
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
})
cleanup.defer(() => browser.close())
for (const { name, run, width, workload, isPart } of pictures) {
  const { index } = await reportRun({
    folder: join(root, 'results/baseline', run),
    resultsRoot: folder,
    to: join(folder, name),
  })
  // As high as the page, because its bar of workloads stays in view and would cover what is scrolled to.
  const tab = await browser.newPage({ viewport: { width, height: 6000 }, deviceScaleFactor: 1.25 })
  await tab.goto(pathToFileURL(index).href)
  if (workload !== undefined) await tab.getByRole('link', { name: workload, exact: true }).first().click()
  while ((await tab.locator('[data-chart][data-drawn]:visible').count()) === 0) await tab.waitForTimeout(50)
  await tab.waitForTimeout(500)
  const box = await tab.locator('.with-detail').filter({ visible: true }).first().boundingBox()
  if (box === null) throw new Error(`the report of ${run} shows no point`)
  const margin = 24
  const whole = { x: 0, y: 0, width, height: box.y + box.height + 2 * margin }
  const part = { x: box.x - margin, y: box.y, width: box.width + 2 * margin, height: box.height }
  const path = join(root, `docs/images/${name}.png`)
  await tab.screenshot({ path, clip: isPart ? part : whole, animations: 'disabled' })
  await tab.close()
  console.log(`docs/images/${name}.png`)
}
