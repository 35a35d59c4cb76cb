// Test part: browser

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { analyse } from '../../src/analysis/analyse.ts'
import { dominates } from '../../src/analysis/frontier.ts'
import { chartPoints } from '../../src/render/views/chart-point.ts'
import { writeReport } from '../../src/render/write-report.ts'
import { drawn, launchChromium, openPage, until } from './browser.ts'
import { aggregated, disaggregated, syntheticRun } from './synthetic-run.ts'

const variants = ['round-robin', 'kv']
const topologies = [aggregated(2), disaggregated(1, 1)]
const runWith = (names: readonly string[]) =>
  syntheticRun({
    topologies: topologies.flatMap(topology => names.map(() => topology)),
    concurrencies: [1, 4, 16],
    workloads: [[1000, 100]],
    change: (result, index) => {
      // One variant after the other, three loads each; KV routing answers a little faster.
      const variant = names[Math.floor(index / 3) % names.length] ?? ''
      const { deployment } = result.point
      const id = `${deployment.id}-${variant}`
      const { measurement } = result
      const faster = variant === 'kv' && measurement !== null && measurement.outputTokensPerS !== null
      return {
        ...result,
        point: { ...result.point, id: `${result.point.id}-${variant}`, deployment: { ...deployment, id, variant } },
        measurement: faster
          ? { ...measurement, outputTokensPerS: 1.2 * (measurement.outputTokensPerS ?? 0) }
          : measurement,
      }
    },
  })

test('each variant has a frontier of its own, and a run with one variant has none', () => {
  const points = chartPoints(analyse(runWith(variants)))
  for (const variant of variants) {
    const own = points.flatMap(({ x, y, ...rest }) =>
      x !== null && y !== null && rest.variant === variant ? [{ ...rest, x, y }] : [],
    )
    assert.equal(own.length, 6)
    for (const point of own)
      assert.equal(point.ofVariant === true, !own.some(other => dominates(other, point)), point.key)
  }
  assert.ok(chartPoints(analyse(runWith(['kv']))).every(({ ofVariant }) => ofVariant === undefined))
  assert.ok(chartPoints(analyse(syntheticRun({ topologies }))).every(point => !('variant' in point)))
})

describe('the report page of a run with variants, in Chromium', () => {
  let browser: Browser
  let folder: string
  let url: string

  before(async () => {
    browser = await launchChromium()
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-report-variants-'))
    await writeReport(runWith(variants), folder)
    url = pathToFileURL(join(folder, 'index.html')).href
  })
  after(async () => {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  })

  const shown = 'section.workload:not([hidden])'
  const pressed = (page: Page, group: string) =>
    page.evaluate(
      `[...document.querySelectorAll('${shown} [${group}] button[aria-pressed=true]')].map(button => button.textContent)`,
    )
  const signals = (page: Page) =>
    page.evaluate(`(() => {
      const [view] = [...fulcrumReport.views].filter(([id]) => id.endsWith(' frontier')).map(([, view]) => view)
      return { focus: view.signal('focus'), variant: view.signal('variant') }
    })()`)

  test('a variant is chosen by a button: its deployments are in focus, and its frontier alone is dashed', async () => {
    const { page, complaints } = await openPage(browser, url)
    assert.deepEqual(await pressed(page, 'data-variants'), ['All variants'])
    await page.locator(`${shown} [data-variants] button`, { hasText: 'kv' }).click()
    assert.deepEqual(await pressed(page, 'data-variants'), ['kv'])
    const names = (await pressed(page, 'data-legend')) as string[]
    assert.equal(names.length, 2)
    assert.ok(
      names.every(name => name.endsWith('· kv')),
      names.join(),
    )
    assert.deepEqual(await signals(page), { focus: names, variant: 'kv' })
    const labels = `[...document.querySelectorAll('${shown} [data-chart=frontier] svg text')].map(text => text.textContent)`
    await until(page, `${labels}.includes('kv') && !${labels}.includes('round-robin')`)
    await page.locator(`${shown} [data-variants] button`, { hasText: 'All variants' }).click()
    await until(page, `${labels}.includes('kv') && ${labels}.includes('round-robin')`)
    assert.deepEqual(await signals(page), { focus: null, variant: null })
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('choosing a deployment in the legend is no choice of a variant any more', async () => {
    const { page } = await openPage(browser, url)
    await page.locator(`${shown} [data-variants] button`, { hasText: 'kv' }).click()
    await page.locator(`${shown} [data-legend] button`, { hasText: '1P1D · round-robin' }).click()
    assert.deepEqual(await pressed(page, 'data-variants'), ['All variants'])
    assert.equal(((await pressed(page, 'data-legend')) as string[]).length, 3)
    await page.close()
  })

  test('a choice outlives a change of colours', async () => {
    const { page } = await openPage(browser, url)
    await page.locator(`${shown} [data-variants] button`, { hasText: 'kv' }).click()
    await page.emulateMedia({ colorScheme: 'dark' })
    await drawn(page)
    await until(page, `document.querySelector('${shown} [data-chart=frontier]').dataset.drawn === 'dark'`)
    assert.equal(((await signals(page)) as { variant: string }).variant, 'kv')
    await page.close()
  })

  for (const width of [390, 1600]) {
    test(`nothing scrolls sideways at ${width} px`, async () => {
      const { page } = await openPage(browser, url, { width })
      const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
      assert.equal(wide, 0)
      await page.close()
    })
  }

  test('the table of points has a column for the variant', async () => {
    const text = await readFile(join(folder, 'index.html'), 'utf8')
    assert.match(text, /<th>Deployment<\/th><th>Variant<\/th><th>Load<\/th>/)
    assert.match(text, /agg x2 · kv<\/a><\/td><td>kv<\/td>/)
  })
})
