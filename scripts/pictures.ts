/**
 * Pictures of the site, a comparison, a history and a capacity plan for docs/images, from real runs:
 *
 *   node scripts/pictures.ts
 *     Makes its own: sweeps/pictures.yaml on the embedded engine, 9 times (about 7 minutes).
 *   node scripts/pictures.ts RESULTS SWEEP
 *     From the newest runs of a sweep in RESULTS.
 *   node scripts/pictures.ts --only capacity
 *     The capacity plan alone, from the run in results/baseline/quick.
 *
 * The runs are measured on the machine at hand, so make them when nothing else runs on it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { Browser } from 'playwright-core'
import { planCapacityOf } from '../src/commands/capacity.ts'
import { runSweepFile } from '../src/commands/run.ts'
import { serveResults } from '../src/commands/serve.ts'
import { runsOf } from '../src/journal/index.ts'
import { launchChromium } from '../test/render/browser.ts'

const root = join(import.meta.dirname, '..')
const ownSweep = { file: join(root, 'sweeps/pictures.yaml'), name: 'pictures', times: 9 }
const width = 1280

/** Runs the sweep so often that its history can say something. */
async function ownRuns(resultsRoot: string): Promise<void> {
  for (let i = 1; i <= ownSweep.times; i++) {
    console.log(`run ${i} of ${ownSweep.times}`)
    const signal = AbortSignal.timeout(600_000)
    const { file } = ownSweep
    await runSweepFile({ file, resultsRoot, startNew: true, signal, onProgress: () => {} })
  }
}

/** A page to draw; all of it where no height is given. */
interface Picture {
  readonly name: string
  readonly url: string
  readonly width?: number
  readonly height?: number
  readonly colorScheme?: 'dark'
}

async function draw(browser: Browser, { name, url, height, colorScheme, ...rest }: Picture): Promise<void> {
  const viewport = { width: rest.width ?? width, height: height ?? 900 }
  const tab = await browser.newPage({ viewport, deviceScaleFactor: 1.5, ...(colorScheme ? { colorScheme } : {}) })
  await tab.goto(url)
  // The page's policy allows no eval, so it is asked from outside.
  if (name === 'serve-run')
    while ((await tab.locator('[data-chart][data-drawn]').count()) === 0) await tab.waitForTimeout(50)
  while ((await tab.locator('[data-figure]:not([data-drawn])').count()) > 0) await tab.waitForTimeout(50)
  const path = join(root, `docs/images/${name}.png`)
  await tab.screenshot({ path, animations: 'disabled', fullPage: height === undefined })
  await tab.close()
  console.log(`docs/images/${name}.png`)
}

/** The plan of the how-to, from a run that is kept in the repository. */
async function capacityPictures(folder: string): Promise<readonly Picture[]> {
  await planCapacityOf({
    target: join(root, 'results/baseline/quick'),
    flags: { rps: '20', day: 'office', growth: '5%', months: '6', price: '3.5', currency: 'EUR' },
    resultsRoot: folder,
    to: folder,
    signal: AbortSignal.timeout(60_000),
  })
  const { href: url } = pathToFileURL(join(folder, 'capacity.html'))
  return [
    { name: 'capacity', url, height: 1120 },
    { name: 'capacity-phone', url, width: 390, height: 900, colorScheme: 'dark' },
  ]
}

/** The site, a comparison and a history. */
function sitePictures(site: string, sweep: string, before: string, youngest: string): readonly Picture[] {
  const at = (path: string) => new URL(path, site).href
  return [
    { name: 'serve', url: at(''), height: 640 },
    { name: 'serve-run', url: at(`runs/${youngest}/`), height: 1120 },
    { name: 'comparison', url: at(`compare?base=${before}&head=${youngest}`), height: 1480 },
    { name: 'history', url: at(`history/${sweep}`), height: 1120 },
  ]
}

await using cleanup = new AsyncDisposableStack()
const { values, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } })
const [given, named] = positionals
const folder = await mkdtemp(join(tmpdir(), 'fulcrum-pictures-'))
cleanup.defer(() => rm(folder, { recursive: true, force: true }))
const browser = await launchChromium()
cleanup.defer(() => browser.close())
for (const picture of await capacityPictures(join(folder, 'capacity'))) await draw(browser, picture)
if (values.only !== 'capacity') {
  const resultsRoot = given ?? join(folder, 'results')
  const sweep = named ?? ownSweep.name
  if (given === undefined) await ownRuns(resultsRoot)
  const [before, youngest] = (await runsOf(resultsRoot, sweep)).slice(-2)
  if (before === undefined || youngest === undefined) throw new RangeError(`two runs of ${sweep} are needed`)
  const place = (run: { folder: string }) => run.folder.split('/').slice(-2).join('/')
  const site = cleanup.use(await serveResults({ resultsRoot, host: '127.0.0.1', port: 0 }))
  for (const picture of sitePictures(site.url, sweep, place(before), place(youngest))) await draw(browser, picture)
}
