/**
 * A picture of a run's report, for README.md and docs/images: draws report/index.html in headless Chromium.
 *
 *   node scripts/picture.ts RUN OUT.png [--dark] [--width N] [--scale N] [--workload SLUG] [--whole | --point]
 *
 * RUN is a run's folder, or a report's index.html. Without --whole the picture ends below the frontier chart; with
 * --point it is that chart with the recommended point beside it. After `fulcrum report` of each run:
 *
 *   node scripts/picture.ts results/baseline/quick docs/images/report.png --width 1200 --scale 1.25
 *   node scripts/picture.ts results/baseline/variants docs/images/variants.png --scale 1.25 --workload 4000-32-prefix-90
 *   node scripts/picture.ts results/baseline/h100-vllm-disagg docs/images/point.png --scale 1.25 --point
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { launchChromium } from '../test/render/browser.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dark: { type: 'boolean', default: false },
    whole: { type: 'boolean', default: false },
    point: { type: 'boolean', default: false },
    width: { type: 'string', default: '1280' },
    scale: { type: 'string', default: '2' },
    workload: { type: 'string' },
  },
})
const [run, out] = positionals
if (run === undefined || out === undefined) {
  console.error(
    'usage: node scripts/picture.ts RUN OUT.png [--dark] [--width N] [--scale N] [--workload SLUG] [--whole | --point]',
  )
  process.exit(2)
}
const page = run.endsWith('.html') ? resolve(run) : resolve(run, 'report/index.html')
if (!existsSync(page)) {
  console.error(`${page} is not there; write it with: fulcrum report ${run}`)
  process.exit(2)
}

const browser = await launchChromium()
try {
  const tab = await browser.newPage({
    viewport: { width: Number(values.width), height: 900 },
    colorScheme: values.dark ? 'dark' : 'light',
    deviceScaleFactor: Number(values.scale),
  })
  await tab.goto(`${pathToFileURL(page).href}${values.workload === undefined ? '' : `#workload=${values.workload}`}`)
  await tab.waitForFunction(
    `[...document.querySelectorAll('section.workload:not([hidden]) [data-chart]')].every(place => place.dataset.drawn)`,
  )
  await tab.evaluate('scrollTo(0, 0)')
  if (values.point) {
    // Tall enough for the whole: what sticks to the top of a scrolled page would lie over it.
    await tab.setViewportSize({ width: Number(values.width), height: 5000 })
    const box = await tab.locator('section.workload:not([hidden]) .with-detail').first().boundingBox()
    if (box === null) throw new Error('no chart is shown')
    const { x, y, width, height } = box
    await tab.screenshot({ path: out, clip: { x: x - 20, y: y - 16, width: width + 40, height: height + 32 } })
  } else if (values.whole) {
    await tab.screenshot({ path: out, fullPage: true })
  } else {
    const frontier = await tab.locator('section.workload:not([hidden]) figure').first().boundingBox()
    const height = Math.ceil((frontier?.y ?? 0) + (frontier?.height ?? 900) + 8)
    await tab.screenshot({ path: out, fullPage: true, clip: { x: 0, y: 0, width: Number(values.width), height } })
  }
} finally {
  await browser.close()
}
