/**
 * How fluid the page of an overlay is: 20 synthetic runs of 2,000 points, all in one picture, in headless Chromium.
 *
 *   node bench/report/overlay.ts [RUNS] [POINTS PER RUN] [PIXELS PER CSS PIXEL]
 *
 * An interaction counts from the input until the frame after it is painted: what a reader waits for. Clicks and changes
 * are real input, sent by the browser; each is done several times, and median and slowest are printed.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { CDPSession, Page } from 'playwright-core'
import { overlayOf } from '../../src/analysis/overlay/overlay.ts'
import { writeOverlay } from '../../src/render/write-overlay.ts'
import { launchChromium } from '../../test/render/browser.ts'
import { noisyRun } from '../../test/render/noisy-run.ts'
import { aggregated, disaggregated } from '../../test/render/synthetic-run.ts'

const [runs = 20, pointsPerRun = 2000, ratio = 1] = process.argv.slice(2).map(Number)
const topologies = [
  ...[1, 2, 3, 4, 6].map(aggregated),
  ...[disaggregated(1, 1), disaggregated(2, 1), disaggregated(1, 2), disaggregated(2, 2), disaggregated(3, 3)],
]
const loads = Math.max(1, Math.round(pointsPerRun / (2 * topologies.length)))

function madeRuns() {
  const concurrencies = Array.from({ length: loads }, (_, load) => load + 1)
  // Half of the points meet it, so that marks of every kind are drawn.
  const slo = { itlP95Ms: 15 }
  return Array.from({ length: runs }, (_, i) => ({
    label: `build ${i + 1}`,
    run: noisyRun({ topologies, concurrencies, slo }, { seed: i, noise: 0.05, slower: () => 1 + 0.02 * i }),
  }))
}

interface Interaction {
  readonly name: string
  /** The event that it ends with for the page. */
  readonly event: 'click' | 'change' | 'wheel' | 'pointermove'
  readonly times: number
  /** Does it once; `turn` counts. */
  readonly act: (page: Page, turn: number) => Promise<void>
}

const middle = async (page: Page) => {
  const box = await page.locator('[data-over]').boundingBox()
  if (box === null) throw new Error('no picture')
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

const interactions: readonly Interaction[] = [
  {
    name: 'hide or show a run',
    event: 'click',
    times: 8,
    act: (page, turn) =>
      page
        .locator('[data-legend] button')
        .nth(turn >> 1)
        .click(),
  },
  {
    name: 'another axis',
    event: 'change',
    times: 6,
    act: async (page, turn) => {
      await page.locator('#axis-x').selectOption(turn % 2 === 0 ? 'ttft_p95_ms' : 'output_tokens_per_s_per_user')
    },
  },
  { name: 'logarithmic axis', event: 'click', times: 6, act: page => page.locator('.control input').nth(1).click() },
  {
    name: 'filter by topology',
    event: 'click',
    times: 6,
    act: (page, turn) =>
      page
        .locator('[data-filter=topology] .menu input')
        .nth(turn >> 1)
        .click(),
  },
  {
    name: 'zoom by a button',
    event: 'click',
    times: 6,
    act: page => page.locator('[data-zoom] button').first().click(),
  },
  {
    name: 'zoom by the wheel',
    event: 'wheel',
    times: 12,
    act: async (page, turn) => {
      // The wheel alone scrolls the page.
      await page.keyboard.down('Control')
      await page.mouse.wheel(0, turn < 6 ? -40 : 40)
      await page.keyboard.up('Control')
    },
  },
  {
    name: 'pan',
    event: 'pointermove',
    times: 12,
    act: async (page, turn) => {
      const { x, y } = await middle(page)
      await page.mouse.move(x + 10 * (turn % 6), y + 4 * (turn % 6))
    },
  },
  {
    name: 'point at marks',
    event: 'pointermove',
    times: 12,
    act: async (page, turn) => {
      const { x, y } = await middle(page)
      await page.mouse.move(x + 23 * (turn % 6), y - 17 * (turn % 6))
    },
  },
  {
    name: 'select a point',
    event: 'click',
    times: 6,
    act: async (page, turn) => {
      const { x, y } = await middle(page)
      await page.mouse.click(x + 31 * turn, y + 11 * turn)
    },
  },
  {
    name: 'all points in the table',
    event: 'click',
    times: 6,
    act: page => page.locator('[data-table] .switch button').nth(1).click(),
  },
]

/** In the page: from the next input to the second frame after it, which is when the first one has been painted. */
const listen = (kind: string) => `new Promise(resolve => {
  const heard = event => {
    removeEventListener('${kind}', heard, true)
    const began = event.timeStamp
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began), 0))
  }
  addEventListener('${kind}', heard, true)
})`

interface Taken {
  /** Until the frame is painted, ms. */
  readonly waited: readonly number[]
  /** CPU of the page's thread, with the table that follows, ms: what other work on the machine changes least. */
  readonly cpu: readonly number[]
}

async function timesOf(page: Page, cdp: CDPSession, { name, event, times, act }: Interaction): Promise<Taken> {
  const cpuMs = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics')
    return 1000 * (metrics.find(metric => metric.name === 'TaskDuration')?.value ?? Number.NaN)
  }

  if (name === 'filter by topology') await page.locator('[data-filter=topology] summary').click()
  const { x, y } = await middle(page)
  await page.mouse.move(x, y)
  if (name === 'pan') await page.mouse.down()
  const waited: number[] = []
  const cpu: number[] = []
  for (let turn = 0; turn < times; turn++) {
    const before = await cpuMs()
    const heard = page.evaluate(listen(event))
    await act(page, turn)
    waited.push(Number(await heard))
    // The table follows when a movement has ended.
    await page.waitForTimeout(250)
    cpu.push((await cpuMs()) - before)
  }
  if (name === 'pan') await page.mouse.up()
  if (name === 'filter by topology') await page.keyboard.press('Escape')
  return { waited, cpu }
}

const folder = await mkdtemp(join(tmpdir(), 'fulcrum-bench-'))
const browser = await launchChromium()
try {
  const file = join(folder, 'overlay.html')
  const made = madeRuns()
  const began = performance.now()
  const overlay = overlayOf(made)
  await writeOverlay(overlay, file, { title: 'Benchmark' })
  const points = overlay.runs.reduce((sum, run) => sum + run.points.length, 0)
  console.log(
    `Load average at the start: ${loadavg()
      .map(load => load.toFixed(1))
      .join(', ')}`,
  )
  console.log(
    `${runs} runs, ${points.toLocaleString('en-US')} points: page of ${((await stat(file)).size / 1e6).toFixed(1)} MB, made in ${((performance.now() - began) / 1000).toFixed(1)} s.`,
  )
  const page = await browser.newPage({ viewport: { width: 1280, height: 1400 }, deviceScaleFactor: ratio })
  await page.goto(`${pathToFileURL(file).href}#workload=*`)
  // Asked from outside: the page's policy allows no eval of its own.
  while (!(await page.evaluate('globalThis.fulcrumOverlay !== undefined'))) await page.waitForTimeout(5)
  console.log(
    `First picture with all points: ${Number(await page.evaluate('performance.now()')).toFixed(0)} ms after navigation.\n`,
  )
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  console.log('| interaction | median | slowest | CPU, median |\n|---|---:|---:|---:|')
  for (const interaction of interactions) {
    const { waited, cpu } = await timesOf(page, cdp, interaction)
    const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b)
    const ms = (value: number | undefined) => `${(value ?? Number.NaN).toFixed(0)} ms`
    const middleOf = (values: readonly number[]) => ms(sorted(values)[values.length >> 1])
    console.log(`| ${interaction.name} | ${middleOf(waited)} | ${ms(sorted(waited).at(-1))} | ${middleOf(cpu)} |`)
  }
} finally {
  await browser.close()
  await rm(folder, { recursive: true, force: true })
}
