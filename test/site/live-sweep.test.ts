// Test part: browser

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { serveResults } from '../../src/commands/serve.ts'
import { onlyRun, workplace } from '../cli/fulcrum-process.ts'
import { launchChromium } from '../render/browser.ts'

const sweep = `
name: live
model: nvidia/DeepSeek-R1-FP4
deploy: { with: simulated, profile: deepseek-r1-fp4-gb200 }
topologies: [{ aggregated: 1 }, { prefill: 1, decode: 1 }]
workloads: [1000/48]
load: { concurrency: [1, 2], requests: 2x, warmup: 1x }
`
const patienceMs = 180_000

test('a sweep on the simulated engine draws itself in the browser as it is measured, and its report is a click away', async () => {
  await using cleanup = new AsyncDisposableStack()
  const place = cleanup.use(await workplace(sweep))
  const fulcrum = place.start('run', place.sweepFile, '--json')
  await fulcrum.progress(() => true)
  const site = cleanup.use(
    await serveResults({ resultsRoot: join(place.folder, 'results'), host: '127.0.0.1', port: 0 }),
  )
  const browser = await launchChromium()
  cleanup.defer(() => browser.close())
  const page = await browser.newPage()
  page.setDefaultTimeout(patienceMs)
  const complaints: string[] = []
  page.on('console', message => complaints.push(message.text()))
  page.on('pageerror', error => complaints.push(error.message))
  const run = (await onlyRun(place, 'live')).split('/').slice(-2).join('/')
  await page.goto(new URL(`runs/${run}/`, site.url).href)

  /** How many points the page has told of, each time that changed. */
  const told: number[] = []
  const deadline = Date.now() + patienceMs
  while ((await page.evaluate('document.documentElement.dataset.listening')) !== 'ended') {
    const done = Number(await page.evaluate(`document.querySelector('[data-progress]').value`))
    if (done !== told.at(-1)) told.push(done)
    assert.ok(Date.now() < deadline, 'the run did not end within 3 minutes')
    await wait(20)
  }
  const { exitCode } = await fulcrum.ended()
  assert.ok(exitCode === 0 || exitCode === 1, String(exitCode))
  assert.ok(told.length > 1, `the page stood at ${told.join()}`)
  assert.deepEqual(
    told,
    [...told].sort((a, b) => a - b),
  )
  assert.equal(await page.evaluate(`document.querySelector('[data-progress]').value`), 4)
  assert.equal(await page.locator('[data-state-text]').textContent(), 'complete')
  // A busy machine may make points invalid; those are crosses.
  await page.locator('[data-chart][data-drawn="4"]').waitFor()
  const marks = page.locator('[data-chart] g.points_marks path, [data-chart] g.invalid_marks path')
  // The chart is told its rows before it has drawn them.
  await marks.nth(3).waitFor()
  assert.equal(await marks.count(), 4)
  assert.deepEqual(await page.locator('[data-legend] button').allTextContents(), ['agg x1', '1P1D'])

  await page.locator('.links a', { hasText: 'Report' }).click()
  await page.locator('section.workload:not([hidden]) [data-chart=frontier] svg').waitFor()
  assert.equal(await page.locator('h1').textContent(), 'live')
  assert.deepEqual(complaints, [])
})
