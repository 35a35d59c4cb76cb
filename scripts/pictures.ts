/**
 * Pictures of the site, a comparison and a history for docs/images, from real runs:
 *
 *   node scripts/pictures.ts                         makes its own: sweeps/pictures.yaml on the embedded engine, 9 times (about 7 minutes)
 *   node scripts/pictures.ts RESULTS SWEEP           of the youngest runs of a sweep that are there
 *
 * The runs are measured on the machine at hand, so make them when nothing else runs on it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { runSweepFile } from '../src/commands/run.ts'
import { serveResults } from '../src/commands/serve.ts'
import { runsOf } from '../src/journal/index.ts'

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

await using cleanup = new AsyncDisposableStack()
const [given, named] = process.argv.slice(2)
const resultsRoot = given ?? (await mkdtemp(join(tmpdir(), 'fulcrum-pictures-')))
const sweep = named ?? ownSweep.name
if (given === undefined) {
  cleanup.defer(() => rm(resultsRoot, { recursive: true, force: true }))
  await ownRuns(resultsRoot)
}
const [before, youngest] = (await runsOf(resultsRoot, sweep)).slice(-2)
if (before === undefined || youngest === undefined) throw new RangeError(`two runs of ${sweep} are needed`)
const place = ({ folder }: { folder: string }) => folder.split('/').slice(-2).join('/')

const site = cleanup.use(await serveResults({ resultsRoot, host: '127.0.0.1', port: 0 }))
const pictures = [
  { name: 'serve', path: '', height: 640 },
  { name: 'serve-run', path: `runs/${place(youngest)}/`, height: 1120 },
  { name: 'comparison', path: `compare?base=${place(before)}&head=${place(youngest)}`, height: 1480 },
  { name: 'history', path: `history/${sweep}`, height: 760 },
]
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
})
cleanup.defer(() => browser.close())
for (const { name, path, height } of pictures) {
  const tab = await browser.newPage({ viewport: { width, height }, deviceScaleFactor: 1.5 })
  await tab.goto(new URL(path, site.url).href)
  // The page's policy allows no eval, so it is asked from outside.
  if (name === 'serve-run')
    while ((await tab.locator('[data-chart][data-drawn]').count()) === 0) await tab.waitForTimeout(50)
  await tab.screenshot({ path: join(root, `docs/images/${name}.png`), animations: 'disabled' })
  await tab.close()
  console.log(`docs/images/${name}.png`)
}
