// Test part: browser

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { historyOf } from '../../src/analysis/history/history.ts'
import { createRandom } from '../../src/model/index.ts'
import { loadDrawnPageAssets } from '../../src/render/html/drawn-charts.ts'
import { type HistoryFrame, historyHtml } from '../../src/render/html/history-page.ts'
import { changeLog } from '../../src/render/views/change-log.ts'
import { commitsOf } from '../../src/render/views/commits.ts'
import { cutOff, launchChromium, until } from './browser.ts'
import { madeNights } from './made-nights.ts'

const nights = madeNights(createRandom(4), { nights: 16, memory: 0, between: 0.5, step: 0.3, from: 9 }).map(
  (run, i) => ({
    ...run,
    folder: `/data/results/nightly/night-${i}`,
    manifest: { ...run.manifest, git: { revision: `${i}`.padStart(2, '0').repeat(20), dirty: i === 3 } },
  }),
)
const history = historyOf('nightly', nights, 'night-2')

test('the log has an entry for each run that something changed with, the youngest first, its largest change first', () => {
  const log = changeLog(history)
  assert.ok(log.length > 0)
  assert.equal(
    log.reduce((sum, { changes }) => sum + changes.length, 0),
    history.changes.length,
  )
  for (const [i, { run, before, worse, better, changes }] of log.entries()) {
    assert.ok(before < run && run < (log[i - 1]?.run ?? Number.POSITIVE_INFINITY))
    assert.equal(worse + better, changes.length)
    for (const [j, one] of changes.entries()) {
      assert.equal(one.run, run)
      assert.ok(Math.abs(one.relative) <= Math.abs(changes[j - 1]?.relative ?? Number.POSITIVE_INFINITY))
    }
  }
})

test('commits are where the host of the repository shows them', () => {
  assert.equal(commitsOf('https://github.com/owner/name/'), 'https://github.com/owner/name/commit/')
  assert.equal(commitsOf('https://gitlab.example.org/group/name'), 'https://gitlab.example.org/group/name/-/commit/')
})

describe('the history page', () => {
  let browser: Browser
  let folder: string
  before(async () => {
    browser = await launchChromium()
    folder = process.env.KEEP_PAGES ?? (await mkdtemp(join(tmpdir(), 'fulcrum-history-')))
  })
  after(async () => {
    await browser.close()
    if (process.env.KEEP_PAGES === undefined) await rm(folder, { recursive: true, force: true })
  })

  interface Opened {
    readonly page: Page
    readonly complaints: readonly string[]
  }

  async function open(
    frame: HistoryFrame = {},
    options: { width?: number; colorScheme?: 'light' | 'dark'; timezoneId?: string; hash?: string } = {},
  ): Promise<Opened> {
    const file = join(folder, 'history.html')
    await writeFile(file, await historyHtml(history, await loadDrawnPageAssets('history'), [], frame))
    const { width = 1280, hash = '', ...context } = options
    const page = await browser.newPage({ viewport: { width, height: 900 }, ...context })
    const complaints: string[] = []
    page.on('console', message => complaints.push(message.text()))
    page.on('pageerror', error => complaints.push(error.message))
    await page.goto(`${pathToFileURL(file).href}${hash}`)
    await until(page, `[...document.querySelectorAll('[data-figure]')].every(place => place.querySelector('svg'))`)
    return { page, complaints }
  }

  for (const [width, colorScheme] of [
    [390, 'light'],
    [390, 'dark'],
    [1600, 'light'],
    [1600, 'dark'],
  ] as const)
    test(`cuts nothing off at ${width} px, ${colorScheme}, and complains of nothing`, async () => {
      const { page, complaints } = await open({}, { width, colorScheme })
      assert.deepEqual(complaints, [])
      assert.deepEqual(await cutOff(page), [])
      assert.equal(await page.locator('.still').first().isVisible(), false)
      for (const details of await page.locator('details.data').all()) await details.locator('summary').click()
      assert.deepEqual(await cutOff(page), [])
      await page.close()
    })

  test('says times in the zone of its reader, on the axis too, and UTC on pointing at them', async () => {
    const { page } = await open({}, { timezoneId: 'Asia/Tokyo' })
    const time = page.locator('.meta time').first()
    assert.equal(await time.textContent(), '2026-01-01 09:00')
    assert.equal(await time.getAttribute('title'), '2026-01-01 00:00 UTC')
    assert.match((await page.locator('[data-zone]').textContent()) ?? '', /your local time \(GMT\+9\)/)
    const option = page.locator('[data-two] select[name="base"] option').last()
    assert.match((await option.textContent()) ?? '', /^2026-01-01 09:00 at /)
    await page.close()
  })

  test('tells the run under the pointer', async () => {
    const { page, complaints } = await open({}, { timezoneId: 'Asia/Tokyo' })
    await page.locator('[data-figure="0"] .mark-symbol path').last().hover()
    await until(page, `document.querySelector('#vg-tooltip-element.visible')`)
    const said = (await page.locator('#vg-tooltip-element').textContent()) ?? ''
    assert.match(said, /Run\s*2026-01-16 09:00/)
    assert.match(said, /Hypervolume/)
    assert.match(said, /Revision\s*151515151515/)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('links revisions where it knows the repository, and only there', async () => {
    const linked = await open({ commits: 'https://github.com/owner/name/commit/' })
    const hrefs = await linked.page
      .locator('.meta a')
      .evaluateAll(links => links.map(link => (link as { href?: string }).href))
    assert.deepEqual(hrefs[0], 'https://github.com/owner/name/commit/000000000000')
    assert.ok((await linked.page.locator('#log a[href*="/commit/"]').count()) >= 2)
    await linked.page.close()
    const plain = await open()
    assert.equal(await plain.page.locator('a[href*="/commit/"]').count(), 0)
    await plain.page.close()
  })

  test('in a file, two chosen runs are a command to copy; the choice is in the address and ringed on each chart', async () => {
    const { page, complaints } = await open()
    await page.locator('[data-two] select[name="base"]').selectOption('4')
    await page.locator('[data-two] select[name="head"]').selectOption('12')
    const command = 'fulcrum compare /data/results/nightly/night-4 /data/results/nightly/night-12 --to comparison'
    await until(page, `document.querySelector('[data-compare] code')?.textContent === ${JSON.stringify(command)}`)
    assert.equal(new URL(page.url()).hash, '#base=4&head=12')
    const ringed = `document.querySelectorAll('[data-figure="0"] .mark-symbol path[stroke="#0b62a4"]').length === 2`
    await until(page, ringed)
    assert.deepEqual(complaints, [])
    await page.close()
    const again = await open({}, { hash: '#base=4&head=12' })
    await until(again.page, `document.querySelector('[data-compare] code')?.textContent === ${JSON.stringify(command)}`)
    await again.page.close()
  })

  test('an entry of the log chooses the runs before and after the change', async () => {
    const { page } = await open()
    const [entry] = changeLog(history)
    await page.locator('#log li[data-run] a', { hasText: 'Choose both' }).first().click()
    const chosen = `/night-${entry?.before} /data/results/nightly/night-${entry?.run} `
    await until(page, `document.querySelector('[data-compare] code')?.textContent.includes(${JSON.stringify(chosen)})`)
    await page.close()
  })

  test('clicks on two marks choose them, the older one as base', async () => {
    const { page } = await open()
    const marks = page.locator('[data-figure="0"] .mark-symbol').last().locator('path')
    await marks.nth(11).click()
    await marks.nth(5).click()
    await until(
      page,
      `document.querySelector('[data-compare] code')?.textContent.includes('/night-5 /data/results/nightly/night-11 ')`,
    )
    await page.close()
  })

  test('where it is served, two chosen runs are a link to their comparison', async () => {
    const { page } = await open({ trail: [{ href: '/', text: 'All runs' }] }, { hash: '#base=4&head=12' })
    await until(page, `document.querySelector('[data-compare] a')`)
    assert.equal(
      await page.locator('[data-compare] a').getAttribute('href'),
      '/compare?base=nightly%2Fnight-4&head=nightly%2Fnight-12',
    )
    await page.close()
  })

  test('saves a chart as SVG', async () => {
    const { page } = await open()
    const download = page.waitForEvent('download')
    await page.locator('[data-export="svg"]').first().click()
    assert.match((await download).suggestedFilename(), /^hypervolume-.*\.svg$/)
    await page.close()
  })
})
