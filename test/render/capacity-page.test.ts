// Test part: browser

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { analyse } from '../../src/analysis/analyse.ts'
import { dayShapes } from '../../src/analysis/capacity/day-shape.ts'
import { capacityPoint } from '../../src/analysis/capacity/point.ts'
import type { CapacityQuestion } from '../../src/analysis/capacity/question.ts'
import { capacityHtml } from '../../src/render/html/capacity-page.ts'
import { capacityMarkdown } from '../../src/render/markdown/capacity.ts'
import { capacityCsv } from '../../src/render/page/capacity/csv.ts'
import { planned } from '../../src/render/views/capacity-planner.ts'
import { headline } from '../../src/render/views/capacity-words.ts'
import { cutOff, launchChromium, openPage, until } from './browser.ts'
import { syntheticRun } from './synthetic-run.ts'

const { points } = analyse(syntheticRun({ concurrencies: [1, 4, 16, 64] }))
const hostile = '<img src=x onerror=alert(1)>|`'

function answerOf(slo: CapacityQuestion['slo']) {
  const question: CapacityQuestion = {
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
  }
  const run = { folder: '/nowhere', sweep: 'synthetic', runId: 'one' }
  const { view } = planned({ points, run, twin: null }, question)
  return { view, page: { question, points: points.map(capacityPoint), run, workloads: [], twin: null } }
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

  const open = async (
    slo: CapacityQuestion['slo'],
    width: number,
    colorScheme: 'light' | 'dark' = 'light',
    hash = '',
  ) => {
    const file = join(folder, `${width}-${colorScheme}.html`)
    const { view, page } = answerOf(slo)
    await writeFile(file, await capacityHtml(view, page))
    return openPage(browser, `${pathToFileURL(file).href}${hash}`, { width, colorScheme })
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
      assert.equal(await page.locator('svg.day rect').count(), 24)
      assert.deepEqual(await cutOff(page), [])
      await page.close()
    })

  const asked: CapacityQuestion['slo'] = { ttftP95Ms: 2000, itlP95Ms: 20 }
  /** The plan for another question, by the code of the command. */
  const viewFor = (change: (question: CapacityQuestion) => CapacityQuestion) => {
    const { page } = answerOf(asked)
    return planned({ points, run: page.run, twin: null }, change(page.question)).view
  }
  const headlineIs = (page: Page, text: string) =>
    until(page, `document.querySelector('h1').textContent === ${JSON.stringify(text)}`)
  const more = viewFor(question => ({
    ...question,
    traffic: { ...question.traffic, demand: { kind: 'peak', requestsPerS: 45 } },
    fleet: { ...question.fleet, nodesLost: 2 },
  }))

  test('plans again as its inputs change: the plan, the CSV and the address follow', async () => {
    const { page, complaints } = await open(asked, 390)
    const first = (await page.locator('main').innerHTML()) ?? ''
    await page.locator('summary', { hasText: 'Change traffic' }).click()
    await page.getByLabel('Amount', { exact: true }).fill('45')
    await page.getByLabel('Headroom: nodes that may be lost').fill('2')
    await headlineIs(page, headline(more))
    assert.equal(await page.evaluate('fulcrumCapacity.csv()'), capacityCsv(more))
    const tile = page.locator('.tiles dd').first()
    assert.equal(await tile.getAttribute('data-value'), String(more.answer?.nodes))
    assert.equal(new URL(page.url()).hash, '#amount=45&nodes-lost=2')
    const download = page.waitForEvent('download')
    await page.locator('[data-export="csv"]').click()
    assert.equal((await download).suggestedFilename(), 'capacity.csv')
    assert.deepEqual(await cutOff(page), [])
    await page.locator('[data-reset]').click()
    assert.equal(await page.locator('main').innerHTML(), first)
    assert.equal(new URL(page.url()).hash, '')
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('opens from a link with the plan that the link asks for', async () => {
    const { page, complaints } = await open(asked, 1600, 'dark', '#amount=45&nodes-lost=2')
    await headlineIs(page, headline(more))
    assert.equal(await page.getByLabel('Amount', { exact: true }).inputValue(), '45')
    assert.deepEqual(await cutOff(page), [])
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('says beside the field what is wrong, and keeps the plan of before, marked as such', async () => {
    const { page } = await open(asked, 1600)
    const before = await page.locator('h1').textContent()
    await page.getByLabel('GPUs per node').fill('2.5')
    await until(page, `document.querySelector('#p-gpus-per-node').textContent === 'Write a whole number from 1.'`)
    assert.equal(await page.locator('h1').textContent(), before)
    assert.equal(await page.locator('main[data-stale-plan]').count(), 1)
    assert.match((await page.locator('[data-stale]').textContent()) ?? '', /for what was asked before/)
    await page.getByLabel('GPUs per node').fill('4')
    await until(page, `document.querySelector('#p-gpus-per-node').textContent === ''`)
    assert.equal(await page.locator('main[data-stale-plan]').count(), 0)
    await page.close()
  })

  test('asks for think time only where users are counted', async () => {
    const { page } = await open(asked, 1600)
    assert.equal(await page.getByLabel('Think time').isVisible(), false)
    await page.getByLabel('Amount of').selectOption('users')
    await until(page, `!document.querySelector('[data-only="users"]').hidden`)
    await until(page, `document.querySelector('[data-asked]').textContent.includes('20 users with 30 s of think time')`)
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
  const text = capacityMarkdown(answerOf({ ttftP95Ms: 2000, itlP95Ms: 20 }).view)
  assert.ok(!text.includes('<img'))
  assert.ok(!text.includes(hostile))
})
