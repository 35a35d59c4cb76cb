// Test part: browser

import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { serveResults } from '../../src/commands/serve.ts'
import { createRun, setBaseline } from '../../src/journal/index.ts'
import { writeLive } from '../../src/journal/live.ts'
import { figure } from '../../src/render/views/format.ts'
import type { Site } from '../../src/site/server.ts'
import { writtenRun } from '../journal/written-run.ts'
import { launchChromium } from '../render/browser.ts'
import { noisyRun } from '../render/noisy-run.ts'
import { parseCsv } from '../render/parse-csv.ts'
import { disaggregated, failed, invalid, syntheticRun } from '../render/synthetic-run.ts'

/** A busy machine is slow, not broken. */
const patienceMs = Number(process.env.PATIENCE ?? 180_000)
const real = join(import.meta.dirname, '../../results/baseline/quick')
const evil = `</script><script>globalThis.hacked=1</script><img src=x onerror="globalThis.hacked=1">'"=1+1`

/** A page with everything that it complained about. */
async function opened(browser: Browser, url: string, options: { width?: number; colorScheme?: 'light' | 'dark' } = {}) {
  const page = await browser.newPage({
    viewport: { width: options.width ?? 1280, height: 900 },
    colorScheme: options.colorScheme ?? 'light',
  })
  page.setDefaultTimeout(patienceMs)
  const complaints: string[] = []
  page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => complaints.push(`error: ${error.message}`))
  await page.goto(url)
  return { page, complaints }
}

/** Asks again and again from outside: a page that allows no eval can't wait for itself. */
async function until(page: Page, expression: string): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!(await page.evaluate(expression))) {
    assert.ok(Date.now() < deadline, `never came true: ${expression}`)
    await wait(30)
  }
}

const drawnMarks = (page: Page) => page.locator('[data-chart] g.points_marks path').count()
const ended = (page: Page) => until(page, `document.documentElement.dataset.listening === 'ended'`)
const chartsDrawn = (page: Page) =>
  until(
    page,
    `document.querySelectorAll('[data-chart]').length > 0 && [...document.querySelectorAll('[data-chart]')].every(p => p.dataset.drawn)`,
  )

describe('the site in Chromium', () => {
  let browser: Browser
  let folder: string
  let site: Site
  /** `sweep/run` of the runs made here. */
  const places: { real: string; older: string; newer: string; evil: string } = {
    real: 'quick/first',
    older: '',
    newer: '',
    evil: '',
  }

  before(async () => {
    browser = await launchChromium()
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-site-'))
    await mkdir(join(folder, 'quick'))
    await cp(real, join(folder, 'quick/first'), { recursive: true })
    const place = (run: string) => run.split('/').slice(-2).join('/')
    const options = { sweep: 'nightly', topologies: [disaggregated(1, 1), disaggregated(2, 1)], repeats: 3 }
    const older = await writtenRun(
      noisyRun(options, { seed: 1, noise: 0.01 }),
      folder,
      new Date('2026-11-01T03:00:00Z'),
    )
    await setBaseline(older)
    const slower = noisyRun(options, { seed: 2, noise: 0.01, slower: () => 1.3 })
    places.older = place(older)
    places.newer = place(await writtenRun(slower, folder, new Date('2026-11-02T03:00:00Z')))
    const hostile = syntheticRun({
      sweep: evil,
      model: evil,
      topologies: [disaggregated(1, 1), disaggregated(2, 1)],
      change: (result, i) => {
        const named = { ...result, point: { ...result.point, workload: { ...result.point.workload, name: evil } } }
        return i % 3 === 1 ? invalid(named, evil) : i % 3 === 2 ? failed(named, evil) : named
      },
    })
    places.evil = place(await writtenRun(hostile, folder, new Date('2026-01-01T00:00:00Z')))
    site = await serveResults({ resultsRoot: folder, host: '127.0.0.1', port: 0 })
  })
  after(async () => {
    await site[Symbol.asyncDispose]()
    await browser.close()
    await rm(folder, { recursive: true, force: true })
  })
  const urlOf = (path: string) => new URL(path, site.url).href

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1600]) {
      test(`every page opens without a complaint or sideways scrolling: ${colorScheme}, ${width} px`, async () => {
        const pages = [
          '',
          `runs/${places.real}/`,
          `runs/${places.real}/report`,
          `compare?base=${places.older}&head=${places.newer}`,
          'history/nightly',
          `overlay?run=${places.older}&run=${places.newer}&run=${places.evil}`,
          'overlay?run=no/such',
          'runs/no/such/',
          `runs/${places.evil}/`,
        ]
        for (const path of pages) {
          const { page, complaints } = await opened(browser, urlOf(path), { colorScheme, width })
          if (/^runs\/[^n][^/]*\/[^/]*\/$/.test(path)) await ended(page)
          const wide = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          )
          assert.equal(wide, 0, path)
          // That a page is not found or asked for wrongly is told by the browser too.
          assert.deepEqual(
            complaints.filter(text => !/40[04]/.test(text)),
            [],
            path,
          )
          await page.close()
        }
      })
    }
  }

  test('the list of runs shows every column whole at 1280 px, without scrolling sideways', async () => {
    const { page } = await opened(browser, urlOf(''), { width: 1280 })
    const table = page.locator('table.runs')
    assert.equal(await table.locator('th').count(), 12)
    await page.locator(`tr[data-run="${places.newer}"] [data-since] a`).waitFor()
    const cut = await page.evaluate(
      `(() => {
        const table = document.querySelector('table.runs')
        const frame = table.parentElement.getBoundingClientRect()
        const shown = range => [...range.getClientRects()].every(({ left, right }) => left >= frame.left && right <= frame.right)
        return [...table.querySelectorAll('th, td')].filter(cell => {
          const range = document.createRange()
          range.selectNodeContents(cell)
          return cell.scrollWidth > cell.clientWidth || !shown(range)
        }).map(cell => cell.textContent)
      })()`,
    )
    assert.deepEqual(cut, [])
    await page.close()
  })

  test('the page of a run shows the point in flight, and no longer when it is over', async () => {
    const { plan, command } = syntheticRun().manifest
    const held = await createRun(folder, { sweep: { name: 'under-way', file: '/s.yaml', text: '' }, command, plan })
    const live = () =>
      writeLive(held.folder, {
        ...{
          pid: process.pid,
          at: new Date().toISOString(),
          phase: 'measuring' as const,
          elapsedS: 12,
          done: 37,
          total: 160,
        },
        point: { id: 'p', deployment: '2P1D', workload: evil, load: 'concurrency 16', repeat: 1 },
        ...{ failed: 0, inFlight: 16, outputTokensPerS: 1420, seenBy: 'generator' as const },
        ...{ ttftMs: { mean: null, p50: 210, p95: 340 }, itlMs: null },
        roles: [{ role: 'decode', waiting: 0, running: 16, kvCache: 0.4 }],
        gpus: [{ role: 'decode', gpus: 4, powerW: 540, utilization: 0.88 }],
      })
    await live()
    const beat = setInterval(live, 500)
    const path = `runs/${held.folder.split('/').slice(-2).join('/')}/`
    const { page, complaints } = await opened(browser, urlOf(path), { width: 390 })
    const now = page.locator('[data-now]')
    await now.waitFor()
    assert.equal(
      await page.locator('[data-now-what]').textContent(),
      `2P1D, ${evil}, concurrency 16: measuring, 37 of 160 requests, 12 s`,
    )
    const tiles = await page.locator('[data-now-load] div').allTextContents()
    assert.deepEqual(tiles, ['TTFT p50210 ms', 'TTFT p95340 ms', 'Output tokens/s1,420', 'In flight16'])
    assert.deepEqual(await page.locator('[data-now-lines] li').allTextContents(), [
      'Each decode worker: 16 running, 0 waiting, KV cache 40%',
      'Each decode GPU: 88% busy, 540 W',
    ])
    assert.equal(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'), 0)
    clearInterval(beat)
    await held.close()
    await now.waitFor({ state: 'hidden' })
    assert.deepEqual(complaints, [])
    await page.close()
    await rm(held.folder, { recursive: true })
  })

  test('typing finds runs as the server does, keeps what was chosen, and the address opens the search again', async () => {
    const { page, complaints } = await opened(browser, site.url)
    const found = () => page.locator('tr[data-run]').evaluateAll(rows => rows.map(row => row.getAttribute('data-run')))
    assert.equal((await found()).length, 4)
    await page.locator(`input[name=base][value="${places.real}"]`).check()
    await page.locator('#q').pressSequentially('quick')
    await until(page, `document.querySelectorAll('tr[data-run]').length === 1`)
    assert.deepEqual(await found(), [places.real])
    assert.equal(await page.locator(`input[name=base][value="${places.real}"]`).isChecked(), true)
    assert.equal(new URL(page.url()).searchParams.get('q'), 'quick')
    const again = await opened(browser, page.url())
    assert.equal(await again.page.locator('tr[data-run]').count(), 1)
    assert.deepEqual([...complaints, ...again.complaints], [])
    await page.close()
    await again.page.close()
  })

  test('the list marks a run that got slower than the one before, with the comparison behind it', async () => {
    const { page, complaints } = await opened(browser, site.url)
    const cell = page.locator(`tr[data-run="${places.newer}"] [data-since] a`)
    assert.match((await cell.textContent()) ?? '', /^slower at \d+ points$/)
    assert.equal(await cell.getAttribute('class'), 'worse')
    await cell.click()
    assert.equal(new URL(page.url()).pathname, '/compare')
    assert.equal(new URL(page.url()).searchParams.get('base'), places.older)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('a heading sorts the list, and again the other way', async () => {
    const { page } = await opened(browser, site.url)
    const heading = page.getByRole('link', { name: 'Best tokens/s/GPU' })
    const values = async () => {
      const cells = await page.locator('table.runs tbody tr td:nth-child(7)').allInnerTexts()
      return cells.map(text => Number.parseFloat(text.replaceAll(',', '')))
    }
    await heading.click()
    assert.equal(new URL(page.url()).search, '?sort=-throughput')
    const falling = await values()
    assert.deepEqual(
      falling,
      falling.toSorted((a, b) => b - a),
    )
    await heading.click()
    assert.deepEqual(await values(), falling.toReversed())
    assert.equal(await page.locator('th[aria-sort=ascending]').textContent(), 'Best tokens/s/GPU')
    await page.close()
  })

  test('any two runs are compared: the chosen base and head, what changed between them, and the way back', async () => {
    const { page, complaints } = await opened(browser, site.url)
    await page.locator(`input[name=base][value="${places.older}"]`).check()
    await page.locator(`input[name=head][value="${places.newer}"]`).check()
    await page.getByRole('button', { name: 'Compare head with base' }).click()
    await page.waitForURL(/\/compare\?/)
    assert.match((await page.locator('h1').textContent()) ?? '', /^Shown slower at \d+ of 16 points\.$/)
    assert.ok((await page.locator('tr[data-verdict=slower]').count()) > 0)
    const turned = await opened(browser, urlOf(`compare?base=${places.newer}&head=${places.older}`))
    assert.match((await turned.page.locator('h1').textContent()) ?? '', /^Shown faster/)
    await page.getByRole('navigation', { name: 'Breadcrumb' }).getByText('All runs').click()
    await page.locator('#q').waitFor()
    assert.deepEqual([...complaints, ...turned.complaints], [])
    await page.close()
    await turned.page.close()
  })

  test('ticked runs are laid over each other, also those that a search hides, each with a way to its page', async () => {
    const { page, complaints } = await opened(browser, site.url)
    await page.locator(`input[name=run][value="${places.older}"]`).check()
    await page.locator(`input[name=run][value="${places.newer}"]`).check()
    await page.locator('#q').pressSequentially('quick')
    await until(page, `document.querySelectorAll('tr[data-run]').length === 1`)
    await page.locator('#q').fill('baseline nightly')
    await page.locator('#q').fill('nightly date:2026-11-02')
    await until(page, `document.querySelectorAll('tr[data-run]').length === 1`)
    await page.locator('#q').fill('')
    await until(page, `document.querySelectorAll('tr[data-run]').length === 4`)
    assert.equal(await page.locator('input[name=run]:checked').count(), 2)
    await page.locator('#q').fill('date:2026-11')
    await until(page, `document.querySelectorAll('tr[data-run]').length < 4`)
    await page.getByRole('button', { name: 'Overlay 2 ticked runs' }).click()
    await page.waitForURL(/\/overlay\?/)
    await until(page, 'Boolean(globalThis.fulcrumOverlay?.settled())')
    assert.deepEqual(
      await page.locator('#runs td a').evaluateAll(links => links.map(link => link.getAttribute('href'))),
      [`/runs/${places.newer}/`, `/runs/${places.older}/`],
    )
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test("the list of sweeps lays a sweep's runs over each other", async () => {
    const { page } = await opened(browser, site.url)
    await page.locator('.sweeps').getByRole('link', { name: 'Overlay' }).first().click()
    await page.waitForURL(/\/overlay\?/)
    await until(page, 'Boolean(globalThis.fulcrumOverlay?.settled())')
    assert.equal(await page.locator('[data-legend] button').count(), 2)
    await page.close()
  })

  test("a run's page offers its report, its sweep's history, and the comparison with baseline and run before", async () => {
    const { page } = await opened(browser, urlOf(`runs/${places.newer}/`))
    const links = page.locator('.links a')
    assert.deepEqual(await links.allTextContents(), [
      'Report',
      'History of nightly',
      'Compare with the baseline',
      'Compare with the run before',
    ])
    await links.nth(1).click()
    await page.waitForURL(/\/history\/nightly$/)
    assert.match((await page.locator('h1').textContent()) ?? '', /^nightly: /)
    await page.close()
  })

  test('a mark of a run leads to that point in its report, whose own scripts run under the policy', async () => {
    const { page, complaints } = await opened(browser, urlOf(`runs/${places.real}/`))
    await ended(page)
    await chartsDrawn(page)
    assert.equal(await drawnMarks(page), 24)
    await page.locator('[data-chart] g.points_marks path').first().click({ force: true })
    await page.waitForURL(/\/report#/)
    await page.locator('section.workload:not([hidden]) [data-chart=frontier] svg').waitFor()
    const key = new URLSearchParams(new URL(page.url()).hash.slice(1)).get('point')
    assert.equal(await page.locator('tr[aria-current]').getAttribute('data-key'), key)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test("the frontier of a run's page is the one in points.csv, figure by figure", async () => {
    const { page } = await opened(browser, urlOf(`runs/${places.real}/`))
    await ended(page)
    await page.locator('details.data summary').first().click()
    const shown = await page
      .locator('[data-frontier] tr')
      .evaluateAll(rows => rows.map(row => [...row.children].map(cell => cell.textContent ?? '').slice(0, 5)))
    const csv = parseCsv(
      await fetch(urlOf(`runs/${places.real}/files/report/points.csv`)).then(answer => answer.text()),
    )
    const expected = csv
      .filter(row => row.on_frontier === 'true')
      .map(row => [
        row.workload,
        row.deployment,
        `concurrency ${row.concurrency}`,
        figure(Number(row.output_tokens_per_s_per_user)),
        figure(Number(row.output_tokens_per_s_per_gpu)),
      ])
    assert.ok(expected.length >= 4)
    assert.deepEqual(shown.toSorted(), expected.toSorted())
    await page.close()
  })

  test('text from a run is text, on every page that shows it', async () => {
    for (const path of [
      '',
      `runs/${places.evil}/`,
      `runs/${places.evil}/report`,
      `compare?base=${places.evil}&head=${places.evil}`,
    ]) {
      const { page, complaints } = await opened(browser, urlOf(path))
      if (path.endsWith('/')) {
        await ended(page)
        await chartsDrawn(page)
      }
      assert.equal(await page.evaluate('globalThis.hacked'), undefined, path)
      assert.equal(await page.locator('img').count(), 0, path)
      assert.ok(((await page.locator('body').textContent()) ?? '').includes(evil), path)
      assert.deepEqual(complaints, [], path)
      await page.close()
    }
    const { page } = await opened(browser, urlOf(`?q=${encodeURIComponent(evil)}`))
    assert.equal(await page.locator('#q').inputValue(), evil)
    assert.equal(await page.evaluate('globalThis.hacked'), undefined)
    await page.close()
  })

  test('a running sweep draws itself: marks, table and progress grow with the journal, until the run ends', async () => {
    const run = syntheticRun({
      sweep: 'live',
      concurrencies: [1, 4],
      topologies: [disaggregated(1, 1), disaggregated(2, 1)],
    })
    const { plan, command } = run.manifest
    const open = await createRun(folder, {
      sweep: { name: 'live', file: join(folder, 's.yaml'), text: '' },
      command,
      plan,
    })
    await using cleanup = new AsyncDisposableStack()
    cleanup.defer(() => open.close())
    const { page, complaints } = await opened(browser, urlOf(`runs/${open.folder.split('/').slice(-2).join('/')}/`))
    await until(page, `document.querySelector('[data-latest]').textContent === 'Nothing measured yet.'`)
    assert.equal(await drawnMarks(page), 0)
    for (const [i, result] of run.results.entries()) {
      await open.journal.append({ type: 'point', result, elapsedS: 1 })
      await until(page, `document.querySelectorAll('[data-chart] g.points_marks path').length === ${i + 1}`)
      await until(page, `document.querySelector('[data-progress]').value === ${i + 1}`)
    }
    assert.equal(await page.locator('[data-state-text]').textContent(), 'running')
    assert.deepEqual(await page.locator('[data-legend] button').allTextContents(), ['1P1D', '2P1D'])
    assert.ok((await page.locator('[data-frontier] tr').count()) > 0)
    await open.journal.append({ type: 'run-ended', outcome: 'complete', reason: '' })
    await open.close()
    await ended(page)
    assert.equal(await page.locator('[data-state-text]').textContent(), 'complete')
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('a page says when the site has gone, and goes on when it is back', async () => {
    const other = await serveResults({ resultsRoot: folder, host: '127.0.0.1', port: 0 })
    const { port } = new URL(other.url)
    const run = syntheticRun({ sweep: 'held' })
    const { plan, command } = run.manifest
    await using held = await createRun(folder, { sweep: { name: 'held', file: 's.yaml', text: '' }, command, plan })
    const { page } = await opened(
      browser,
      new URL(`runs/${held.folder.split('/').slice(-2).join('/')}/`, other.url).href,
    )
    await until(page, `document.documentElement.dataset.listening === 'yes'`)
    await other[Symbol.asyncDispose]()
    await until(page, `document.querySelector('[data-latest]').textContent.includes('lost')`)
    await using back = await serveResults({ resultsRoot: folder, host: '127.0.0.1', port: Number(port) })
    await until(page, `document.querySelector('[data-latest]').textContent === 'Nothing measured yet.'`)
    assert.ok(back.url.includes(port))
    await page.close()
  })
})
