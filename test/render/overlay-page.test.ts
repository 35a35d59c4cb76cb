// Test part: browser

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { overlayOf } from '../../src/analysis/overlay/overlay.ts'
import { writeOverlay } from '../../src/render/write-overlay.ts'
import { launchChromium, openPage, until } from './browser.ts'
import { noisyRun } from './noisy-run.ts'
import { parseCsv } from './parse-csv.ts'
import { aggregated, disaggregated, failed, invalid, syntheticRun } from './synthetic-run.ts'

const hostile = '<img src=x onerror=alert(1)>"\'&'
const options = { topologies: [aggregated(2), disaggregated(1, 1), disaggregated(2, 1)], slo: { itlP95Ms: 10 } }
const overlay = overlayOf([
  {
    label: 'base',
    run: syntheticRun({
      ...options,
      change: (result, i) => (i === 1 ? invalid(result) : i === 2 ? failed(result, 'worker ended') : result),
    }),
  },
  { label: hostile, run: noisyRun({ ...options, model: hostile }, { seed: 2, noise: 0.1 }) },
  { label: 'third', run: noisyRun(options, { seed: 3, noise: 0.1, slower: () => 1.3 }) },
])

describe('the page of an overlay in Chromium', () => {
  let browser: Browser
  let folder: string
  let url: string

  before(async () => {
    browser = await launchChromium()
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-overlay-'))
    await writeOverlay(overlay, join(folder, 'overlay.html'), { title: 'Three runs' })
    url = pathToFileURL(join(folder, 'overlay.html')).href
  })
  after(async () => {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  })

  const open = async (hash = '', width = 1280, colorScheme: 'light' | 'dark' = 'light') => {
    const opened = await openPage(browser, `${url}${hash}`, { width, colorScheme })
    await settled(opened.page)
    return opened
  }
  /** The table follows the picture in the next frame. */
  const settled = (page: Page) => until(page, 'globalThis.fulcrumOverlay?.settled()')
  const count = async (page: Page) => {
    await settled(page)
    return Number(await page.locator('[data-count]').getAttribute('data-count'))
  }
  /** Asked of the page itself: Playwright learns of a new address later. */
  const hashOf = async (page: Page) => String(await page.evaluate('location.hash'))
  /** What a button saves. */
  const saved = async (page: Page, kind: string) => {
    await settled(page)
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator(`[data-export=${kind}]`).click()])
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) }
  }
  /** Pixels of the picture that are neither empty nor grid. */
  const coloured = (page: Page) =>
    page.evaluate(`(() => {
      const canvas = document.querySelector('[data-marks]')
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      let found = 0
      for (let i = 0; i < data.length; i += 4)
        if (data[i + 3] > 0 && Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) found++
      return found
    })()`)

  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [390, 1600])
      test(`opens without a complaint, a request or sideways scrolling: ${colorScheme}, ${width} px`, async () => {
        const { page, complaints, requests } = await open('', width, colorScheme)
        assert.deepEqual(complaints, [])
        assert.deepEqual(
          requests.filter(request => request !== url),
          [],
        )
        assert.equal(
          await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
          0,
        )
        assert.ok(Number(await coloured(page)) > 200)
        await page.close()
      })

  test('names from the runs are text, in legend, table and details', async () => {
    const { page } = await open()
    assert.equal(await page.locator('img').count(), 0)
    assert.ok((await page.locator('[data-legend] button').allTextContents()).some(text => text.startsWith(hostile)))
    await page.locator('button.row', { hasText: hostile }).first().click()
    assert.equal(await page.locator('[data-detail] h4').textContent(), hostile)
    await page.close()
  })

  test('a click on the legend takes a run out of picture, table and frontiers, and shift-click leaves it alone', async () => {
    const { page } = await open()
    const before = { points: await count(page), pixels: Number(await coloured(page)) }
    await page.locator('[data-legend] button').nth(2).click()
    assert.equal(await count(page), before.points - 12)
    assert.ok(Number(await coloured(page)) < before.pixels)
    assert.equal(await page.locator('[data-legend] button').nth(2).getAttribute('aria-pressed'), 'false')
    await page
      .locator('[data-legend] button')
      .nth(0)
      .click({ modifiers: ['Shift'] })
    assert.deepEqual(
      await page.evaluate('[...new Set(fulcrumOverlay.shown().map(i => fulcrumOverlay.model.run[i]))]'),
      [0],
    )
    await page.getByRole('button', { name: 'Show all' }).click()
    assert.equal(await count(page), before.points)
    await page.close()
  })

  test('axes are chosen from those that the runs have; the others are listed as not available', async () => {
    const { page } = await open()
    const options = page.locator('#axis-x option')
    const texts = await options.allTextContents()
    const absent = texts.findIndex(text => text.includes('MW'))
    assert.match(texts[absent] ?? '', /not available/)
    assert.equal(await options.nth(absent).isDisabled(), true)
    await page.locator('#axis-x').selectOption('ttft_p95_ms')
    await settled(page)
    assert.ok((await page.locator('[data-table] th').allTextContents()).includes('TTFT p95'))
    assert.match(await hashOf(page), /x=ttft_p95_ms/)
    await page.close()
  })

  test('an address with an axis that nobody measured shows the usual one', async () => {
    const { page, complaints } = await open('#x=output_tokens_per_s_per_mw&zoom=a~b~c~d&workload=nothing&log=qq')
    assert.deepEqual(complaints, [])
    assert.equal(await page.locator('#axis-x').inputValue(), 'output_tokens_per_s_per_user')
    await page.close()
  })

  test('a filter leaves the points of the chosen values', async () => {
    const { page } = await open()
    await page.locator('[data-filter=topology] summary').click()
    const boxes = page.locator('[data-filter=topology] .menu input')
    await boxes.nth(0).click()
    assert.equal(await count(page), 24)
    await page.locator('[data-filter=topology] .menu button').click()
    assert.equal(await count(page), 36)
    for (const at of [0, 1, 2]) await boxes.nth(at).click()
    assert.equal(await count(page), 0)
    assert.match((await page.locator('[data-key]').textContent()) ?? '', /^No point of these runs/)
    await page.close()
  })

  test('two workloads at once are warned of, and each run has a frontier of each', async () => {
    const { page } = await open()
    const before = Number(await page.evaluate('fulcrumOverlay.selection().groups.length'))
    await page.locator('[data-filter=workload] summary').click()
    await page.locator('[data-filter=workload] .menu button').click()
    assert.match((await page.locator('[data-cautions]').textContent()) ?? '', /2 workloads are shown/)
    assert.equal(Number(await page.evaluate('fulcrumOverlay.selection().groups.length')), 2 * before)
    await page.close()
  })

  test('conditions that differ are named above the picture and marked in the legend', async () => {
    const { page } = await open()
    assert.match((await page.locator('[data-cautions]').textContent()) ?? '', /other conditions than base: .*\(model\)/)
    assert.equal(await page.locator('[data-legend] .apart').count(), 1)
    await page.close()
  })

  test('zooming shows fewer points in picture, table and CSV; a copied address shows the same again', async () => {
    const { page } = await open('#rows=all')
    const all = await count(page)
    await page.locator('[data-over]').focus()
    await page.keyboard.press('+')
    await page.keyboard.press('+')
    await page.keyboard.press('ArrowRight')
    await until(page, "location.hash.includes('zoom')")
    await settled(page)
    const zoomed = await count(page)
    assert.ok(zoomed < all && zoomed > 0, `${zoomed} of ${all}`)
    const { bytes } = await saved(page, 'csv')
    const again = await open(await hashOf(page))
    assert.equal(await count(again.page), zoomed)
    assert.deepEqual((await saved(again.page, 'csv')).bytes, bytes)
    await again.page.getByRole('button', { name: 'Reset zoom' }).click()
    await until(again.page, "!location.hash.includes('zoom')")
    await settled(again.page)
    assert.equal(await count(again.page), all)
    await page.close()
    await again.page.close()
  })

  test('dragging moves the picture, and what is under the pointer goes with it', async () => {
    const { page } = await open()
    const box = await page.locator('[data-over]').boundingBox()
    if (box === null) throw new Error('no picture')
    const [x, y] = [box.width / 2, box.height / 2]
    const under = (await page.evaluate(`fulcrumOverlay.valueAt(${x}, ${y})`)) as number[]
    await page.mouse.move(box.x + x, box.y + y)
    await page.mouse.down()
    await page.mouse.move(box.x + x + 40, box.y + y + 30, { steps: 4 })
    await page.mouse.up()
    await until(page, "location.hash.includes('zoom')")
    await settled(page)
    const after = (await page.evaluate(`fulcrumOverlay.valueAt(${x + 40}, ${y + 30})`)) as number[]
    for (const [at, value] of under.entries()) assert.ok(Math.abs((after[at] ?? 0) / value - 1) < 1e-3)
    await page.close()
  })

  test('two fingers apart zoom in, and what was between them stays there', async () => {
    const { page } = await open('', 390)
    const { width, height } = (await page.locator('[data-over]').boundingBox()) ?? assert.fail('no picture')
    const [x, y] = [width / 2, height / 2]
    const before = (await page.evaluate(`fulcrumOverlay.valueAt(${x}, ${y})`)) as number[]
    await page.evaluate(`(() => {
      const canvas = document.querySelector('[data-over]')
      const { left, top } = canvas.getBoundingClientRect()
      const send = (type, id, dx) => canvas.dispatchEvent(new PointerEvent(type, { pointerId: id, pointerType: 'touch', button: 0, clientX: left + ${x} + dx, clientY: top + ${y}, bubbles: true }))
      send('pointerdown', 1, -20)
      send('pointerdown', 2, 20)
      for (let apart = 22; apart <= 60; apart += 2) {
        send('pointermove', 1, -apart)
        send('pointermove', 2, apart)
      }
      send('pointerup', 1, -60)
      send('pointerup', 2, 60)
    })()`)
    await until(page, "location.hash.includes('zoom')")
    await settled(page)
    const after = (await page.evaluate(`fulcrumOverlay.valueAt(${x}, ${y})`)) as number[]
    for (const [at, value] of before.entries())
      assert.ok(Math.abs((after[at] ?? 0) / value - 1) < 0.1, `${before} ${after}`)
    const [span = 0] = (await page.evaluate(
      `[fulcrumOverlay.valueAt(${x} + 50, 50)[0] - fulcrumOverlay.valueAt(${x} - 50, 50)[0]]`,
    )) as number[]
    const [wide = 0] = (await (
      await open('', 390)
    ).page.evaluate(
      `[fulcrumOverlay.valueAt(${x} + 50, 50)[0] - fulcrumOverlay.valueAt(${x} - 50, 50)[0]]`,
    )) as number[]
    assert.ok(wide / span > 2.5 && wide / span < 3.5, `${wide / span} times`)
    await page.close()
  })

  test('the wheel alone scrolls the page, and with Ctrl zooms', async () => {
    const { page } = await open()
    const box = (await page.locator('[data-over]').boundingBox()) ?? assert.fail('no picture')
    await page.mouse.move(box.x + 200, box.y + 100)
    await page.mouse.wheel(0, 100)
    await until(page, 'scrollY > 0')
    assert.doesNotMatch(await hashOf(page), /zoom/)
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -100)
    await page.keyboard.up('Control')
    await until(page, "location.hash.includes('zoom')")
    await settled(page)
    await page.close()
  })

  test('a menu closes with Escape and with a click elsewhere', async () => {
    const { page } = await open()
    const menus = () => page.locator('details.filter[open]').count()
    await page.locator('[data-filter=topology] summary').click()
    assert.equal(await menus(), 1)
    await page.keyboard.press('Escape')
    assert.equal(await menus(), 0)
    await page.locator('[data-filter=topology] summary').click()
    await page.locator('h1').click()
    assert.equal(await menus(), 0)
    await page.close()
  })

  test('a deep link restores axes, scale, runs, filter, rows and the selected point', async () => {
    const { page } = await open()
    await page.locator('#axis-y').selectOption('request_latency_p95_ms')
    await page.locator('.control input').nth(0).click()
    await page.locator('[data-legend] button').nth(2).click()
    await page.getByRole('button', { name: 'All shown points' }).click()
    await page.locator('[data-filter=topology] summary').click()
    await page.locator('[data-filter=topology] .menu input').nth(1).click()
    await settled(page)
    await page.locator('button.row').nth(3).click()
    const shownBy = async (of: Page) => ({
      csv: (await saved(of, 'csv')).bytes.toString(),
      axes: [await of.locator('#axis-x').inputValue(), await of.locator('#axis-y').inputValue()],
      log: await of.locator('.control input').nth(0).isChecked(),
      selected: await of.locator('[data-detail]').textContent(),
      row: await of.locator('tr[aria-current]').getAttribute('data-point'),
      filter: await of.locator('[data-filter=topology] summary').textContent(),
    })
    const again = await open(await hashOf(page))
    assert.deepEqual(await shownBy(again.page), await shownBy(page))
    await page.close()
    await again.page.close()
  })

  test('the CSV has exactly the rows of the table of all shown points', async () => {
    const { page } = await open('#rows=all')
    const { name, bytes } = await saved(page, 'csv')
    assert.equal(name, 'overlay-output_tokens_per_s_per_gpu-by-output_tokens_per_s_per_user.csv')
    const rows = parseCsv(bytes.toString())
    const inTable = await page
      .locator('[data-table] tbody tr')
      .evaluateAll(found => found.map(row => Number(row.getAttribute('data-point'))))
    const ids = (await page.evaluate('fulcrumOverlay.model.ids')) as string[]
    assert.deepEqual(
      rows.map(row => row.point_ids),
      inTable.map(i => ids[i]),
    )
    const statuses = Map.groupBy(rows, row => row.status)
    assert.deepEqual([statuses.get('invalid')?.length, statuses.get('failed')?.length], [1, 1])
    assert.equal(statuses.get('failed')?.[0]?.output_tokens_per_s_per_gpu, '')
    assert.ok(rows.every(row => row.on_frontier === 'false' || (row.status === 'ok' && row.meets_slo !== 'no')))
    await page.close()
  })

  test('SVG and PNG are pictures of what is shown, with title, legend and the warning', async () => {
    const { page } = await open('#hide=third')
    const svg = (await saved(page, 'svg')).bytes.toString()
    const parsed = (await page.evaluate(`(() => {
      const made = new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml')
      return { wrong: made.querySelectorAll('parsererror').length, texts: [...made.querySelectorAll('text')].map(text => text.textContent), marks: made.querySelectorAll('use').length }
    })()`)) as { wrong: number; texts: string[]; marks: number }
    assert.equal(parsed.wrong, 0)
    for (const text of ['Three runs', 'base', hostile]) assert.ok(parsed.texts.includes(text), text)
    assert.ok(!parsed.texts.includes('third'))
    for (const begin of ['Large: on a frontier', 'Measured under other conditions', 'Workload 8000/256 · '])
      assert.ok(
        parsed.texts.some(text => text.startsWith(begin)),
        begin,
      )
    const placed = Number(await page.evaluate('fulcrumOverlay.selection().placed.length'))
    assert.equal(parsed.marks, placed + 2)
    const png = (await saved(page, 'png')).bytes
    assert.deepEqual([...png.subarray(1, 4)], [...Buffer.from('PNG')])
    const width = png.readUInt32BE(16)
    assert.equal(width, 2 * Number(await page.evaluate("document.querySelector('[data-plane]').clientWidth")))
    await page.close()
  })

  test('pointing at a mark says what it is, and a click selects it', async () => {
    const { page } = await open()
    const place = (await page.evaluate(`(() => {
      const i = fulcrumOverlay.selection().groups[0].frontier[0]
      return { ...fulcrumOverlay.at(i), id: fulcrumOverlay.model.ids[i] }
    })()`)) as { x: number; y: number; id: string }
    const box = await page.locator('[data-over]').boundingBox()
    if (box === null) throw new Error('no picture')
    await page.mouse.move(box.x + place.x, box.y + place.y)
    assert.match((await page.locator('[data-tip]').textContent()) ?? '', /on the frontier/)
    await page.mouse.click(box.x + place.x, box.y + place.y)
    assert.match(await hashOf(page), new RegExp(`point=.*${place.id}`))
    // None of the runs knows its energy: the details leave it out.
    const detail = (await page.locator('[data-detail]').textContent()) ?? ''
    assert.match(detail, /TTFT p95/)
    assert.doesNotMatch(detail, /not available|per MW/)
    await page.close()
  })

  test('a point without a figure that another shown run has says so', async () => {
    const withEnergy = noisyRun(options, { seed: 4, noise: 0.1 })
    const gpus = { source: 'nvml', gpus: [], energyJ: 5000, energyErrorJ: 1 }
    const results = withEnergy.results.map(result =>
      result.measurement === null ? result : { ...result, measurement: { ...result.measurement, gpus } },
    )
    const mixed = overlayOf([
      { label: 'metered', run: { ...withEnergy, results } },
      { label: 'blind', run: noisyRun(options, { seed: 5, noise: 0.1 }) },
    ])
    await writeOverlay(mixed, join(folder, 'mixed.html'), { title: 'Two runs' })
    const { page } = await openPage(browser, pathToFileURL(join(folder, 'mixed.html')).href, { width: 1280 })
    await settled(page)
    const detail = async () => (await page.locator('[data-detail]').textContent()) ?? ''
    await page.locator('button.row', { hasText: 'blind' }).first().click()
    assert.match(await detail(), /GPUs per MW|tokens\/s per MW[^–]*not available/)
    // With the metered run hidden, nobody has the figure.
    await page.locator('[data-legend] button').first().click()
    await settled(page)
    assert.doesNotMatch(await detail(), /not available/)
    await page.close()
  })

  test('on a phone the table has a block for each point, with nothing cut off', async () => {
    const { page } = await open('', 390)
    assert.equal(await page.locator('[data-table] thead').isVisible(), false)
    const cut = await page.evaluate(`[...document.querySelectorAll('[data-table] td')].filter(cell => {
      const { right, left } = cell.getBoundingClientRect()
      return right > innerWidth || left < 0 || cell.scrollWidth > cell.clientWidth + 1
    }).length`)
    assert.equal(cut, 0)
    await page.close()
  })

  test('without scripts the frontiers are there as a table', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(url)
    assert.ok((await page.locator('noscript tr').count()) > 6)
    await context.close()
  })
})
