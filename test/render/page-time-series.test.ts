// Test part: browser

import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import type { ServerMetrics } from '../../src/metrics/measurement.ts'
import { writeReport } from '../../src/render/write-report.ts'
import { launchChromium, openPage, until } from './browser.ts'
import { aggregated, disaggregated, syntheticRun } from './synthetic-run.ts'

const evil = `<img src=x onerror="globalThis.hacked=1">`

/** A series that rises to a height and falls to 0 again. */
const metric = (height: number, samples = 20) => ({
  mean: 0,
  max: height,
  last: 0,
  series: Array.from({ length: samples }, (_, i) => [i * 500, i === samples - 1 ? 0 : (height * i) / samples] as const),
})
const serverOf = (height: number, samples?: number): ServerMetrics => ({
  frontend: { dynamo_frontend_time_to_first_token_seconds: metric(height / 100, samples) },
  'prefill-0': {
    'trtllm:num_requests_running': metric(height, samples),
    'trtllm:num_requests_waiting': metric(2, samples),
  },
  [evil]: { 'trtllm:num_requests_running': metric(1, samples), 'trtllm:kv_cache_usage_perc': metric(0.4, samples) },
})
const withServer = (options: Parameters<typeof syntheticRun>[0], samples?: number) =>
  syntheticRun({
    ...options,
    change: (result, i) =>
      result.measurement === null
        ? result
        : { ...result, measurement: { ...result.measurement, server: serverOf(4 + i, samples) } },
  })

const shown = 'section.workload:not([hidden])'

describe('the selected point of a report in Chromium', () => {
  let browser: Browser
  let folder: string
  let page: Page
  let complaints: string[]

  before(async () => {
    browser = await launchChromium()
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-report-'))
    await writeReport(
      withServer({ topologies: [disaggregated(1, 1), disaggregated(2, 1)], concurrencies: [1, 4] }),
      folder,
    )
    const opened = await openPage(browser, pathToFileURL(join(folder, 'index.html')).href, { width: 360 })
    page = opened.page
    complaints = opened.complaints
  })
  after(async () => {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('shows how the server went through it: running, waiting, KV cache, and TTFT beside what the client saw', async () => {
    const panels = page.locator(`${shown} .time-series [data-time-series]`)
    assert.deepEqual(await panels.evaluateAll(all => all.map(place => place.getAttribute('data-time-series'))), [
      'running',
      'waiting',
      'kv',
      'ttft',
    ])
    await page.locator(`${shown} .time-series [data-time-series=ttft] svg`).waitFor()
    const text = await page.locator(`${shown} .time-series [data-time-series=ttft] svg`).textContent()
    assert.match(text ?? '', /client p95.*client p50/)
    assert.equal(await page.locator(`${shown} .time-series [data-time-series=running] g.mark-line path`).count(), 2)
  })

  test('has each picture as a table, with every sample and the name that the server gives the metric', async () => {
    await page.locator(`${shown} .time-series summary`).click()
    const rows = await page
      .locator(`${shown} .time-series tbody tr`)
      .evaluateAll(all => all.map(row => [...row.children].map(cell => cell.textContent ?? '')))
    assert.equal(rows.length, 5)
    assert.deepEqual(rows[0]?.slice(0, 3), ['Requests running', 'prefill-0', 'trtllm:num_requests_running'])
    assert.equal(rows[0]?.[3]?.split('; ').length, 20)
    await page.locator(`${shown} .spreads summary`).click()
    assert.equal(await page.locator(`${shown} .spreads tbody tr`).count(), 11)
  })

  test('changes with the selection', async () => {
    const first = () => page.locator(`${shown} .time-series tbody tr`).first().textContent()
    const before = await first()
    await page.locator(`${shown} details.data summary`, { hasText: 'All points' }).click()
    await page.locator(`${shown} tr[data-key] a`).last().click()
    await until(page, `location.hash.includes('point=')`)
    const row = `document.querySelector(${JSON.stringify(`${shown} .time-series tbody tr`)})?.textContent`
    await until(page, `${row} !== ${JSON.stringify(before)}`)
    assert.notEqual(await first(), before)
  })

  test('names its workers and settings, and takes text of the server for text', async () => {
    const detail = (await page.locator(`${shown} .detail`).textContent()) ?? ''
    assert.match(detail, /prefill × 4 GPUs, 1 decode × 4 GPUs/)
    assert.match(detail, /prefill\.max_batch_size=8/)
    assert.ok(((await page.locator(`${shown} .time-series`).textContent()) ?? '').includes(evil))
    assert.equal(await page.evaluate('globalThis.hacked'), undefined)
    assert.equal(await page.locator('img').count(), 0)
    assert.deepEqual(complaints, [])
    assert.equal(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'), 0)
  })

  test('leaves the page below 5 MB for 2,000 points with long series', async () => {
    const topologies = [
      ...[1, 2, 3, 4].map(aggregated),
      ...[1, 2, 3, 4].flatMap(prefill => [1, 2, 3, 4].map(decode => disaggregated(prefill, decode))),
    ]
    const large = withServer({ topologies, concurrencies: Array.from({ length: 50 }, (_, i) => i + 1) }, 120)
    assert.equal(large.results.length, 2000)
    await writeReport(large, folder)
    const { size } = await stat(join(folder, 'index.html'))
    assert.ok(size < 5e6, `${size} bytes`)
  })
})
