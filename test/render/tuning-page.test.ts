// Test part: browser

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { analyse } from '../../src/analysis/analyse.ts'
import { topologyLabel } from '../../src/model/index.ts'
import { loadPageAssets } from '../../src/render/html/inline-script.ts'
import { pageHtml } from '../../src/render/html/page.ts'
import { escapeMarkdown, summaryMarkdown } from '../../src/render/markdown/summary.ts'
import { reportOf } from '../../src/render/views/report.ts'
import { launchChromium, openPage } from './browser.ts'
import { invalid, syntheticRun } from './synthetic-run.ts'

const run = syntheticRun({ repeats: 3 })
const mixed = { ...run, manifest: { ...run.manifest, mix: { '8000/256': 0.7, '1000/1000': 0.3 } } }
const report = reportOf(analyse(mixed))

describe('what to try next, on the page', () => {
  let browser: Browser
  let folder: string
  before(async () => {
    browser = await launchChromium()
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-tuning-'))
    await writeFile(join(folder, 'index.html'), pageHtml(report, await loadPageAssets()))
  })
  after(async () => {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  })

  for (const [width, colorScheme] of [
    [360, 'light'],
    [1600, 'dark'],
  ] as const)
    test(`comes after the answer, with the mix, bottlenecks and rates, at ${width} px, ${colorScheme}`, async () => {
      const url = pathToFileURL(join(folder, 'index.html')).href
      const { page, complaints } = await openPage(browser, url, { width, colorScheme })
      assert.deepEqual(complaints, [])
      assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= width)
      const sections = await page.evaluate<readonly string[]>(
        '[...document.querySelectorAll("main > section")].map(s => s.id)',
      )
      assert.deepEqual(sections.slice(0, 3), ['answer', 'mix', 'tuning'])
      assert.equal(await page.locator('#mix h3').textContent(), analyse(mixed).mix?.best?.label)
      assert.equal(await page.locator('#tuning article[data-bottleneck]').count(), 2)
      assert.match((await page.locator('#tuning').textContent()) ?? '', /A prefill worker handles/)
      await page.close()
    })
})

describe('an invalid point that could overturn the recommendation', () => {
  const lost = syntheticRun({
    workloads: [[8000, 256]],
    change: result => {
      const { level } = result.point.load
      const isHeavy = level.kind === 'concurrency' && level.concurrency >= 16
      return isHeavy && topologyLabel(result.point.deployment.topology) === '1P1D' ? invalid(result) : result
    },
  })
  const doubtful = reportOf(analyse(lost))
  const said = '1P1D at concurrency 16 could overturn this: it is invalid (the client was late).'
  const command = 'fulcrum resume /nowhere/synthetic --again invalid'

  test('stands in the card of the answer, with the command that measures it again', async () => {
    const page = pageHtml(doubtful, await loadPageAssets())
    const card = page.slice(page.indexOf('<article class="answer"'), page.indexOf('</article>'))
    assert.ok(card.includes(said))
    assert.ok(card.includes(`<code>${command}</code>`))
  })
  test('stands in the Markdown summary', () => {
    const text = summaryMarkdown(doubtful)
    assert.ok(text.includes(escapeMarkdown(said)))
    assert.ok(text.includes(`    ${command}`))
  })
  test('is missing from both when all is valid', async () => {
    assert.doesNotMatch(summaryMarkdown(report), /could overturn/)
    assert.doesNotMatch(pageHtml(report, await loadPageAssets()), /could overturn/)
  })
})

test('the Markdown summary tells the mix, what holds back and what rates predict', () => {
  const text = summaryMarkdown(report)
  assert.match(text, /## The mix: 70% 8000\/256, 30% 1000\/1000/)
  assert.match(text, /Try next: /)
  assert.match(text, /- A prefill worker handles/)
})
