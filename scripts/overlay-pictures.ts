/**
 * Pictures of an overlay for docs/images (light, dark, and on a phone), from the runs of results/baseline:
 *
 *   node scripts/overlay-pictures.ts
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { overlayRuns } from '../src/commands/overlay.ts'
import { launchChromium } from '../test/render/browser.ts'

const root = join(import.meta.dirname, '..')
const runs = ['h100-vllm', 'h100-vllm-disagg'].map(name => join(root, 'results/baseline', name))
const labels = ['aggregated', 'disaggregated']

await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(join(tmpdir(), 'fulcrum-pictures-'))
cleanup.defer(() => rm(folder, { recursive: true, force: true }))
const { page } = await overlayRuns({ runs, labels, to: folder })
const browser = await launchChromium()
cleanup.defer(() => browser.close())

const pictures = [
  { name: 'overlay', width: 1280, colorScheme: 'light' },
  { name: 'overlay-dark', width: 1280, colorScheme: 'dark' },
  { name: 'overlay-phone', width: 390, colorScheme: 'light' },
] as const
for (const { name, width, colorScheme } of pictures) {
  const tab = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, deviceScaleFactor: 1.5 })
  await tab.goto(pathToFileURL(page).href)
  await tab.locator('button.row').nth(1).click()
  await tab.evaluate('scrollTo(0, 0)')
  const table = await tab.locator('[data-table]').boundingBox()
  const height = Math.ceil((table?.y ?? 900) + (width < 600 ? 420 : (table?.height ?? 0)) + 16)
  await tab.screenshot({
    path: join(root, `docs/images/${name}.png`),
    fullPage: true,
    clip: { x: 0, y: 0, width, height },
    animations: 'disabled',
  })
  await tab.close()
  console.log(`docs/images/${name}.png`)
}
