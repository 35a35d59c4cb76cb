// Test part: browser

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { analyse } from '../../src/analysis/analyse.ts'
import { writeReport } from '../../src/render/write-report.ts'
import { drawn, launchChromium, openPage, until } from './browser.ts'
import { parseCsv } from './parse-csv.ts'
import { aggregated, disaggregated, failed, invalid, syntheticRun } from './synthetic-run.ts'

const topologies = [
  aggregated(2),
  aggregated(3),
  disaggregated(1, 1),
  disaggregated(2, 1),
  disaggregated(1, 2),
  disaggregated(2, 2),
]
const run = syntheticRun({
  topologies,
  concurrencies: [1, 4, 16, 64],
  change: (result, index) =>
    index === 9 ? invalid(result) : index === 14 ? failed(result, 'worker exited with code 137') : result,
})
const analysis = analyse(run)
const first = analysis.workloads[0]

describe('the report page in Chromium', () => {
  let browser: Browser
  let folder: string
  let url: string

  before(async () => {
    browser = await launchChromium()
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-report-'))
    await writeReport(run, folder)
    url = pathToFileURL(join(folder, 'index.html')).href
  })
  after(async () => {
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1600]) {
      test(`opens without a complaint, a request or sideways scrolling: ${colorScheme}, ${width} px`, async () => {
        const { page, complaints, requests } = await openPage(browser, url, { colorScheme, width })
        assert.deepEqual(complaints, [])
        assert.deepEqual(
          requests.filter(request => request !== url),
          [],
        )
        const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
        assert.equal(wide, 0)
        await page.close()
      })
    }
  }

  test('draws a mark for every point: valid ones as their series, invalid ones as a cross', async () => {
    const { page } = await openPage(browser, url)
    const marks = (kind: string) =>
      page.locator(`section.workload:not([hidden]) [data-chart=frontier] g.mark-symbol.${kind}_marks path`).count()
    const count = (status: string) => first?.points.filter(point => point.status === status).length
    assert.equal(await marks('points'), count('ok'))
    assert.equal(await marks('invalid'), count('invalid'))
    assert.equal(count('failed'), 1)
    await page.close()
  })

  test('shows what a mark is when the pointer is on it', async () => {
    const { page } = await openPage(browser, url)
    const mark = page.locator('section.workload:not([hidden]) [data-chart=frontier] g.points_marks path').first()
    await mark.hover({ force: true })
    const tooltip = page.locator('#vg-tooltip-element.visible')
    await tooltip.waitFor()
    const text = (await tooltip.textContent()) ?? ''
    assert.match(text, /Deployment/)
    assert.match(text, /Tokens\/s per GPU/)
    await page.close()
  })

  test('selecting a mark fills the detail and the URL, and the URL opens it again', async () => {
    const { page } = await openPage(browser, url)
    const before = await page.locator('section.workload:not([hidden]) .detail').textContent()
    await page
      .locator('section.workload:not([hidden]) [data-chart=frontier] g.points_marks path')
      .first()
      .click({ force: true })
    await until(page, `location.hash.includes('point=')`)
    const detail = await page.locator('section.workload:not([hidden]) .detail').textContent()
    assert.notEqual(detail, before)
    const again = await openPage(browser, page.url())
    assert.equal(await again.page.locator('section.workload:not([hidden]) .detail').textContent(), detail)
    await page.close()
    await again.page.close()
  })

  test('the selected mark is ringed on every chart that has it, and the ring follows the selection', async () => {
    const { page } = await openPage(browser, url)
    const shown = 'section.workload:not([hidden])'
    const [frontier, ttft] = ['frontier', 'ttft-concurrency'].map(
      kind => `${shown} [data-chart=${kind}] g.selected_marks path`,
    )
    assert.equal(await page.locator(frontier ?? '').count(), 1)
    assert.equal(await page.locator(ttft ?? '').count(), 1)
    const points = (first?.points ?? []).filter(({ status, x }) => status === 'ok' && x !== null)
    const rings: (string | null)[] = []
    for (const { key } of [points[0], points.at(-1)].flatMap(point => point ?? [])) {
      await page.evaluate(`location.hash = 'point=${key}'`)
      // Where the chart has the point's own figures.
      const place = `(() => {
        const view = fulcrumReport.views.get(fulcrumReport.state.workload + ' frontier')
        const point = fulcrumReport.data.workloads[0].points.find(({ key }) => key === '${key}')
        return 'translate(' + view.scale('x')(point.x) + ',' + view.scale('y')(point.y) + ')'
      })()`
      await until(page, `document.querySelector('${frontier}')?.getAttribute('transform') === ${place}`)
      rings.push(await page.locator(ttft ?? '').getAttribute('transform'))
    }
    assert.equal(new Set(rings).size, 2)
    await page.close()
  })

  test('the details are beside the chart, and directly below it on a phone', async () => {
    for (const width of [390, 1600]) {
      const { page } = await openPage(browser, url, { width })
      const box = async (selector: string) => {
        const found = await page
          .locator(`section.workload:not([hidden]) .with-detail ${selector}`)
          .first()
          .boundingBox()
        assert.ok(found !== null, selector)
        return found
      }
      const [main, detail, spreads] = [await box('.main'), await box('.detail'), await box('.spreads')]
      if (width === 390) {
        const gap = detail.y - (main.y + main.height)
        assert.ok(gap >= 0 && gap < 40, `${gap} px below`)
        assert.ok(spreads.y >= detail.y + detail.height - 1)
      } else {
        assert.ok(detail.x >= main.x + main.width - 1)
        assert.ok(Math.abs(detail.y - main.y) < 40)
        assert.ok(spreads.x < detail.x)
      }
      await page.close()
    }
  })

  test('the frontier is zoomed by buttons and by Ctrl with the wheel, moved by dragging, and shown whole again', async () => {
    const { page, complaints } = await openPage(browser, url)
    const chart = 'section.workload:not([hidden]) [data-chart=frontier]'
    const domain = `JSON.stringify(['x', 'y'].map(axis => fulcrumReport.views.get(fulcrumReport.state.workload + ' frontier').scale(axis).domain()))`
    const read = async () => JSON.parse(await page.evaluate<string>(domain)) as [[number, number], [number, number]]
    const whole = await read()
    const button = (name: string) =>
      page.locator('section.workload:not([hidden]) [data-zoom]').getByRole('button', { name })
    await button('Zoom in').click()
    await until(page, `${domain} !== ${JSON.stringify(JSON.stringify(whole))}`)
    const closer = await read()
    for (const axis of [0, 1] as const) {
      assert.ok(closer[axis][0] > whole[axis][0] && closer[axis][1] < whole[axis][1])
      const length = ([from, to]: [number, number]) => to - from
      assert.ok(Math.abs(length(whole[axis]) / length(closer[axis]) - 1.5) < 1e-6)
    }
    await button('Reset zoom').click()
    await until(page, `${domain} === ${JSON.stringify(JSON.stringify(whole))}`)
    await page.locator(chart).scrollIntoViewIfNeeded()
    const box = await page.locator(`${chart} svg`).boundingBox()
    assert.ok(box !== null)
    await page.mouse.move(box.x + box.width / 2, box.y + 40)
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -400)
    await page.keyboard.up('Control')
    await until(page, `${domain} !== ${JSON.stringify(JSON.stringify(whole))}`)
    const zoomed = JSON.stringify(await read())
    await page.mouse.down()
    await page.mouse.move(box.x + box.width / 2 - 60, box.y + 60, { steps: 4 })
    await page.mouse.up()
    await until(page, `${domain} !== ${JSON.stringify(zoomed)}`)
    await button('Reset zoom').click()
    await until(page, `${domain} === ${JSON.stringify(JSON.stringify(whole))}`)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('the selected point lists every figure that it has, with its unit', async () => {
    const { page } = await openPage(browser, url)
    const all = page.locator('section.workload:not([hidden]) .detail details.figures')
    await all.locator('summary').click()
    const text = (await all.textContent()) ?? ''
    for (const said of [
      /TTFT mean\d[\d.,]* m?s/,
      /Request latency p99\d/,
      /Goodput[\d.,]+ requests\/s/,
      /per GPU[\d.,]+ tokens\/s\/GPU/,
    ])
      assert.match(text, said)
    await page.close()
  })

  test('the tabs switch the workload, and its charts are drawn', async () => {
    const { page } = await openPage(browser, url)
    await page.locator('[data-tab]').nth(1).click()
    await page.locator('#w-1000-1000').waitFor({ state: 'visible' })
    await drawn(page)
    assert.equal(await page.locator('#w-8000-256').isVisible(), false)
    assert.equal(
      await page.locator('#w-1000-1000 [data-chart=frontier] g.points_marks path').count(),
      analysis.workloads[1]?.points.filter(point => point.status === 'ok').length,
    )
    await page.close()
  })

  test('all workloads stand on one plane: shape by workload, the overall frontier large, a point told by its workload', async () => {
    const { page, complaints } = await openPage(browser, url)
    await page.locator('[data-tab]', { hasText: 'All workloads' }).click()
    const section = page.locator('#w-all-workloads')
    await section.waitFor({ state: 'visible' })
    await drawn(page)
    assert.match((await section.locator('.caveat').textContent()) ?? '', /Workloads differ in difficulty/)
    const marks = section.locator('[data-chart=frontier] g.points_marks path')
    assert.equal(await marks.count(), analysis.points.filter(point => point.status === 'ok').length)
    const shapes = await marks.evaluateAll(
      paths => new Set(paths.map(p => p.getAttribute('d')?.match(/[A-Z]/g)?.join(''))).size,
    )
    assert.ok(shapes >= 2)
    assert.deepEqual(await section.locator('[data-shapes] span').allTextContents(), ['8000/256', '1000/1000'])
    await section.locator('details.data summary').click()
    assert.equal(
      await section.locator('tr[data-key] td:last-child', { hasText: 'on the overall frontier' }).count(),
      analysis.overallFrontier.length,
    )
    await section.locator('tr[data-key] a').last().click()
    const last = analysis.workloads.at(-1)
    await until(page, `document.querySelector('#w-all-workloads .detail').textContent.includes('dominated')`)
    const detail = (await section.locator('.detail').textContent()) ?? ''
    assert.ok(detail.includes(`workload ${last?.name}`), detail)
    const again = await openPage(browser, page.url())
    assert.equal(await again.page.locator('#w-all-workloads .detail').textContent(), detail)
    assert.deepEqual([...complaints, ...again.complaints], [])
    await page.close()
    await again.page.close()
  })

  test('a point tells the command that measures it again', async () => {
    const { page } = await openPage(browser, url)
    const code = page.locator('section.workload:not([hidden]) .detail code')
    assert.match((await code.textContent()) ?? '', /^fulcrum run synthetic\.yaml --only [0-9a-f]+$/)
    await page.close()
  })

  test('a legend button puts its series into focus and dims the others', async () => {
    const { page } = await openPage(browser, url)
    const opacities = () =>
      page
        .locator('section.workload:not([hidden]) [data-chart=frontier] g.points_marks path')
        .evaluateAll(paths => paths.map(path => Number(path.getAttribute('opacity') ?? 1)))
    const faint = async () => (await opacities()).filter(opacity => opacity < 0.1).length
    assert.equal(await faint(), 0)
    await page.locator('section.workload:not([hidden]) [data-legend] button', { hasText: '2P1D' }).click()
    await until(
      page,
      `[...document.querySelectorAll('section.workload:not([hidden]) [data-chart=frontier] g.points_marks path')].some(p => Number(p.getAttribute('opacity')) < 0.1)`,
    )
    const others = first?.points.filter(point => point.status === 'ok' && point.label !== '2P1D').length
    assert.equal(await faint(), others)
    await page.close()
  })

  test('the percentile switch moves the latency marks', async () => {
    const { page } = await openPage(browser, url)
    const places = () =>
      page
        .locator('section.workload:not([hidden]) [data-chart=ttft-concurrency] g.points_marks path')
        .evaluateAll(paths => paths.map(path => path.getAttribute('transform')).join())
    const before = await places()
    await page.locator('section.workload:not([hidden]) [data-percentiles] button', { hasText: 'p99' }).click()
    const deadline = Date.now() + 180_000
    while ((await places()) === before) assert.ok(Date.now() < deadline, 'no mark moved within 3 minutes')
    await page.close()
  })

  test('the theme button changes paper and ink, on page and charts', async () => {
    const { page } = await openPage(browser, url)
    const colours = () =>
      page.evaluate(
        `[getComputedStyle(document.body).backgroundColor, document.querySelector('[data-chart=frontier] .role-axis-title text').getAttribute('fill')].join()`,
      )
    const light = await colours()
    await page.locator('[data-theme-toggle]').click()
    await drawn(page)
    await until(page, `document.querySelector('[data-chart=frontier]').dataset.drawn === 'dark'`)
    const dark = await colours()
    assert.notEqual(dark, light)
    assert.match(String(dark), /rgb\(20, 22, 26\),#e8e6e1/)
    await page.close()
  })

  test('is printed as for a light screen, and is dark again afterwards', async () => {
    const { page } = await openPage(browser, url, { colorScheme: 'dark' })
    const drawnFor = (theme: string) =>
      until(page, `document.querySelector('[data-chart=frontier]').dataset.drawn === '${theme}'`)
    const ink = () =>
      page.evaluate(`document.querySelector('[data-chart=frontier] .role-axis-title text').getAttribute('fill')`)
    const dark = await ink()
    await page.evaluate(`dispatchEvent(new Event('beforeprint'))`)
    await drawnFor('light')
    assert.equal(await ink(), '#1f2328')
    await page.evaluate(`dispatchEvent(new Event('afterprint'))`)
    await drawnFor('dark')
    assert.equal(await ink(), dark)
    await page.close()
  })

  test('every figure in the table of points is the one in points.csv', async () => {
    const csv = parseCsv(await readFile(join(folder, 'points.csv'), 'utf8'))
    const { page } = await openPage(browser, url)
    const cells = await page.locator('tr[data-key] td[data-v]').evaluateAll(all =>
      all.map(cell => {
        const at = [...(cell.parentElement?.children ?? [])].indexOf(cell)
        return {
          key: cell.closest('tr')?.getAttribute('data-key') ?? '',
          figure: cell.closest('table')?.querySelectorAll('thead th')[at]?.getAttribute('data-figure') ?? '',
          value: cell.getAttribute('data-v') ?? '',
        }
      }),
    )
    const idOf = new Map(analysis.points.map(point => [point.key, point.repeats[0]?.point.id]))
    let compared = 0
    for (const { key, figure, value } of cells) {
      const row = csv.find(candidate => candidate.point_id === idOf.get(key))
      assert.ok(row, key)
      if (row.status !== 'ok') continue
      assert.equal(value, row[figure], `${figure} of ${row.point_id}`)
      compared++
    }
    const inOverallTable = analysis.workloads.reduce((sum, workload) => sum + workload.frontier.length, 0)
    assert.equal(compared, (analysis.points.filter(point => point.status === 'ok').length + inOverallTable) * 4)
    await page.close()
  })

  test('every chart has its data as a table, and every control has a name', async () => {
    const { page } = await openPage(browser, url)
    const figuresWithoutTable = await page.locator('section.workload figure:not(:has(table))').count()
    assert.equal(figuresWithoutTable, 0)
    const nameless = await page
      .locator('button, a')
      .evaluateAll(all => all.filter(e => !(e.textContent?.trim() || e.getAttribute('aria-label'))).length)
    assert.equal(nameless, 0)
    await page.close()
  })

  test('a keyboard reaches the points: a link in the table selects one', async () => {
    const { page } = await openPage(browser, url)
    await page.locator('section.workload:not([hidden]) details.data summary').first().focus()
    await page.keyboard.press('Enter')
    const link = page.locator('section.workload:not([hidden]) tr[data-key] a').nth(2)
    await link.focus()
    await page.keyboard.press('Enter')
    // Another point is selected before.
    const key = ((await link.getAttribute('href')) ?? '').split('=').at(-1) ?? ''
    await page.locator(`section.workload:not([hidden]) tr[aria-current][data-key="${key}"]`).waitFor()
    await page.close()
  })
})

describe('a page of a hostile run', () => {
  test('shows text from outside as text, wherever it is', async () => {
    const evil = `</script><script>globalThis.hacked=1</script><img src=x onerror="globalThis.hacked=1">'"\u2028=1+1`
    const hostile = syntheticRun({
      model: evil,
      sweep: evil,
      batchSizes: [1, 2],
      topologies: [disaggregated(1, 1), disaggregated(2, 1)],
      change: (result, index) => {
        const named = {
          ...result,
          point: {
            ...result.point,
            workload: { ...result.point.workload, name: evil },
            deployment: { ...result.point.deployment, engine: { prefill: { [evil]: `${evil}${index % 2}` } } },
          },
        }
        return index % 3 === 1 ? invalid(named, evil) : index % 3 === 2 ? failed(named, evil) : named
      },
    })
    const manifest = {
      ...hostile.manifest,
      sweepText: evil,
      command: [evil],
      versions: { ...hostile.manifest.versions, [evil]: evil },
    }
    const folder = await mkdtemp(join(tmpdir(), 'fulcrum-report-'))
    await using cleanup = new AsyncDisposableStack()
    cleanup.defer(() => rm(folder, { recursive: true, force: true }))
    await writeReport({ ...hostile, manifest }, folder)
    const browser = await launchChromium()
    cleanup.defer(() => browser.close())
    const { page, complaints } = await openPage(browser, pathToFileURL(join(folder, 'index.html')).href, { width: 360 })
    await page
      .locator('section.workload:not([hidden]) [data-chart=frontier] g.points_marks path')
      .first()
      .hover({ force: true })
    await page.locator('#vg-tooltip-element.visible').waitFor()
    assert.equal(await page.evaluate('globalThis.hacked'), undefined)
    assert.equal(await page.locator('img').count(), 0)
    assert.deepEqual(complaints, [])
    assert.equal(await page.locator('h1').textContent(), evil)
    assert.equal(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'), 0)
    const markdown = await readFile(join(folder, 'summary.md'), 'utf8')
    assert.ok(!markdown.includes('<script') && !markdown.includes('<img'))
  })
})
