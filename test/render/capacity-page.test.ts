// Test part: browser

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { analyse } from '../../src/analysis/analyse.ts'
import { dayShapes } from '../../src/analysis/capacity/day-shape.ts'
import { planCapacity } from '../../src/analysis/capacity/plan.ts'
import type { CapacityQuestion } from '../../src/analysis/capacity/question.ts'
import { capacityHtml } from '../../src/render/html/capacity-page.ts'
import { capacityMarkdown } from '../../src/render/markdown/capacity.ts'
import { capacityView } from '../../src/render/views/capacity.ts'
import { launchChromium, openPage } from './browser.ts'
import { syntheticRun } from './synthetic-run.ts'

const { points } = analyse(syntheticRun({ concurrencies: [1, 4, 16, 64] }))
const hostile = '<img src=x onerror=alert(1)>|`'

function viewOf(slo: CapacityQuestion['slo']) {
  const plan = planCapacity(points, {
    traffic: {
      demand: { kind: 'peak', requestsPerS: 20 },
      mix: [
        { name: '8000/256', share: 0.5, isl: 8000, osl: 256 },
        { name: hostile, share: 0.5, isl: 3000, osl: 700 },
      ],
      day: dayShapes.office,
      growthPerMonth: 0.05,
      months: 4,
    },
    slo,
    fleet: { gpusPerNode: 8, nodes: 20, gpuPricePerHour: 3, nodesLost: 1 },
  })
  return capacityView(plan, { folder: '/nowhere', sweep: 'synthetic', runId: 'one' })
}

describe('the capacity page', () => {
  let browser: Browser
  let folder: string
  before(async () => {
    browser = await launchChromium()
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-capacity-'))
  })
  after(async () => {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  })

  const open = async (slo: CapacityQuestion['slo'], width: number, colorScheme: 'light' | 'dark' = 'light') => {
    const file = join(folder, `${width}-${colorScheme}.html`)
    await writeFile(file, await capacityHtml(viewOf(slo)))
    return openPage(browser, pathToFileURL(file).href, { width, colorScheme })
  }

  for (const [width, scheme] of [
    [360, 'light'],
    [1600, 'dark'],
  ] as const)
    test(`has the answer first and no sideways scrolling at ${width} px, ${scheme}`, async () => {
      const { page, complaints, requests } = await open({ ttftP95Ms: 2000, itlP95Ms: 20 }, width, scheme)
      assert.deepEqual(complaints, [])
      assert.equal(requests.length, 1)
      assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= width)
      assert.match((await page.locator('h1').textContent()) ?? '', /\d+ × .+ on \d+ nodes/)
      assert.equal(await page.locator('img').count(), 0)
      assert.ok((await page.locator('td', { hasText: hostile }).count()) > 0)
      assert.ok((await page.locator('em', { hasText: 'EXTRAPOLATED' }).count()) > 0)
      assert.equal(await page.locator('.picture svg:visible').count(), 1)
      await page.close()
    })
  test('says in the title that nothing measured serves it', async () => {
    const { page, complaints } = await open({ itlP95Ms: 0.1 }, 800)
    assert.deepEqual(complaints, [])
    assert.equal(await page.locator('h1').textContent(), 'No measured deployment serves this traffic under the SLO')
    await page.close()
  })
})

test('the Markdown of a capacity plan takes text from outside as text', () => {
  const text = capacityMarkdown(viewOf({ ttftP95Ms: 2000, itlP95Ms: 20 }))
  assert.ok(!text.includes('<img'))
  assert.ok(!text.includes(hostile))
})
