// Test part: browser

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { compile } from 'vega-lite'
import { compareRuns } from '../../src/analysis/compare/compare.ts'
import { parseThreshold } from '../../src/analysis/compare/threshold.ts'
import { githubAnnotations } from '../../src/render/export/comparison-annotations.ts'
import { comparisonJson } from '../../src/render/export/comparison-json.ts'
import { comparisonJunit } from '../../src/render/export/comparison-junit.ts'
import { comparisonMarkdown, markdownLimit } from '../../src/render/markdown/comparison.ts'
import { gateBroken, verdictSentence } from '../../src/render/views/comparison-words.ts'
import { writeComparison } from '../../src/render/write-comparison.ts'
import { cutOff, launchChromium, until } from './browser.ts'
import { noisyRun } from './noisy-run.ts'
import { parseCsv } from './parse-csv.ts'
import { aggregated, disaggregated, failed, invalid, syntheticRun } from './synthetic-run.ts'

const options = {
  topologies: [aggregated(2), disaggregated(1, 1), disaggregated(2, 1)],
  concurrencies: [1, 4, 16],
  repeats: 4,
}
const base = noisyRun(options, { seed: 11, noise: 0.005 })
const slow = noisyRun(options, {
  seed: 12,
  noise: 0.005,
  slower: r => (r.point.deployment.topology.kind === 'aggregated' ? 1.2 : 1),
})
const slower = compareRuns(base, slow, [parseThreshold('itl_p95>5%'), parseThreshold('ttft_p95>50%')])
const same = compareRuns(base, base, [parseThreshold('itl_p95>5%')])

test('the verdict says in one sentence how many points are shown slower', () => {
  assert.equal(verdictSentence(slower), 'Shown slower at 6 of 18 points.')
  assert.equal(verdictSentence(same), 'No difference shown at any of 18 points.')
  assert.equal(
    verdictSentence(compareRuns(base, { ...base, results: [] })),
    'The runs have no point in common, so nothing was compared.',
  )
})

test('a gate is broken by a threshold that is, and only then', () => {
  assert.equal(gateBroken(slower), true)
  assert.equal(gateBroken(same), false)
})

test('the comment begins with verdict and gates, and names every point that is slower', () => {
  const markdown = comparisonMarkdown(slower)
  assert.ok(
    markdown.startsWith(
      '## Fulcrum: ❌ failed\n\nShown slower at 6 of 18 points.\n\n- ❌ itl\\_p95&gt;5%: failed at 6 of 18 points\n- ✅ ttft',
    ),
  )
  for (const name of ['agg x2, 8000/256, concurrency 1', 'agg x2, 1000/1000, concurrency 16'])
    assert.ok(markdown.includes(name))
  assert.match(markdown, /```mermaid\n%%\{init: .*\}%%\nxychart-beta\n/)
})

test('the comment stays below the limit of GitHub, never cuts a block, and says that it left some out', () => {
  const many = { ...options, concurrencies: Array.from({ length: 60 }, (_, i) => i + 1), repeats: 1 }
  const markdown = comparisonMarkdown(compareRuns(syntheticRun(many), syntheticRun(many)))
  assert.ok(markdown.length < markdownLimit)
  assert.match(markdown, /More did not fit/)
  assert.equal(markdown.match(/<details>/g)?.length ?? 0, markdown.match(/<\/details>/g)?.length ?? 0)
  assert.equal((markdown.match(/```/g)?.length ?? 0) % 2, 0)
})

test('the comment of a small comparison leaves nothing out', () => {
  assert.doesNotMatch(comparisonMarkdown(slower), /More did not fit/)
})

test('differing conditions stand before any change', () => {
  const elsewhere = { ...slow, manifest: { ...slow.manifest, host: { ...slow.manifest.host, cpu: 'another CPU' } } }
  const markdown = comparisonMarkdown(compareRuns(base, elsewhere))
  assert.ok(markdown.indexOf('The conditions differ') < markdown.indexOf('Changes shown'))
  assert.ok(githubAnnotations(compareRuns(base, elsewhere))[0]?.startsWith('::warning title=Conditions differ::CPU: '))
})

test('JUnit has a suite for each gate, a failure for each point that fails it, and an error with the reason for what was not tested', () => {
  const xml = comparisonJunit(slower)
  assert.match(xml, /<testsuites name="fulcrum compare" tests="36" failures="6" errors="0" skipped="0">/)
  assert.match(xml, /<testsuite name="ttft_p95&gt;50%" tests="18" failures="0" errors="0" skipped="0">/)
  const gone = compareRuns(base, { ...base, results: base.results.map(r => failed(r, 'gone & <lost>\u0000')) }, [
    parseThreshold('itl_p95>5%'),
  ])
  assert.match(comparisonJunit(gone), /<error message="head is failed: gone &amp; &lt;lost&gt;\ufffd"\/>/)
  assert.equal(comparisonJunit(gone).match(/<error/g)?.length, 18)
  assert.match(
    comparisonJunit(gone),
    /<testsuites name="fulcrum compare" tests="18" failures="0" errors="18" skipped="0">/,
  )
})

test('annotations are one error for each broken point, at most ten, on one line each', () => {
  const lines = githubAnnotations(slower)
  assert.equal(lines.length, 6)
  assert.ok(lines.every(line => /^::error title=itl_p95>5%25::agg x2/.test(line) && !line.includes('\n')))
})

test('the JSON has every change under its name in points.csv', () => {
  const json = JSON.parse(comparisonJson(slower))
  assert.equal(json.gateBroken, true)
  assert.equal(json.points.length, 18)
  assert.equal(json.points[0].changes.find((c: { figure: string }) => c.figure === 'itl_p95_ms').verdict, 'slower')
})

describe('comparison.html in Chromium', () => {
  test('shows verdict, charts and every figure as text, cuts nothing off and complains of nothing, in both themes and widths', async () => {
    const evil = `</td><script>globalThis.hacked=1</script><img src=x onerror=1>`
    const hostile = {
      ...slow,
      manifest: { ...slow.manifest, sweep: evil, versions: { ...slow.manifest.versions, [evil]: evil } },
      results: slow.results.map((result, i) => (i < 8 ? invalid(result, evil) : result)),
    }
    const comparison = compareRuns(base, hostile, [parseThreshold('itl_p95>5%')])
    const folder = await mkdtemp(join(tmpdir(), 'fulcrum-compare-'))
    await using cleanup = new AsyncDisposableStack()
    cleanup.defer(() => rm(folder, { recursive: true, force: true }))
    const { files } = await writeComparison(comparison, folder)
    assert.deepEqual(files.map(file => file.slice(folder.length + 1)).sort(), [
      'change-itl_p95_ms.svg',
      'change-itl_p95_ms.vl.json',
      'comparison.html',
      'comparison.json',
      'comparison.md',
      'frontier-1-8000-256.svg',
      'frontier-1-8000-256.vl.json',
      'frontier-2-1000-1000.svg',
      'frontier-2-1000-1000.vl.json',
      'junit.xml',
    ])
    for (const file of files.filter(name => name.endsWith('.svg'))) {
      const svg = await readFile(file, 'utf8')
      assert.match(svg, /^<svg .*<\/svg>$/s)
      assert.ok(!svg.includes('<script'))
      assert.ok(compile(JSON.parse(await readFile(file.replace(/svg$/, 'vl.json'), 'utf8'))).spec.marks?.length)
    }
    assert.ok(!(await readFile(join(folder, 'comparison.md'), 'utf8')).includes('<script'))
    const browser = await launchChromium()
    cleanup.defer(() => browser.close())
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [390, 1600]) {
        const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
        const complaints: string[] = []
        page.on('console', message => complaints.push(message.text()))
        page.on('pageerror', error => complaints.push(error.message))
        await page.goto(pathToFileURL(join(folder, 'comparison.html')).href)
        assert.deepEqual(complaints, [])
        assert.equal(
          await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
          0,
        )
        assert.equal(await page.evaluate('globalThis.hacked'), undefined)
        assert.equal(await page.locator('img').count(), 0)
        await until(page, `[...document.querySelectorAll('[data-figure]')].every(place => place.querySelector('svg'))`)
        assert.deepEqual(await cutOff(page), [])
        assert.equal(await page.locator(`script:text-is("globalThis.hacked=1")`).count(), 0)
        assert.equal(await page.locator('h1').textContent(), verdictSentence(comparison))
        assert.equal(await page.locator('[data-figure] svg').first().isVisible(), true)
        assert.equal(await page.locator('.still').first().isVisible(), false)
        assert.equal(
          await page.locator('tr[data-verdict]').count(),
          comparison.points.reduce((sum, point) => sum + point.changes.length, 0),
        )
        await page.close()
      }
  })

  test('filters its table by verdict, figure and words, keeps that in the address, and saves the rows that are shown', async () => {
    const folder = process.env.KEEP_PAGES ?? (await mkdtemp(join(tmpdir(), 'fulcrum-compare-')))
    await using cleanup = new AsyncDisposableStack()
    if (process.env.KEEP_PAGES === undefined) cleanup.defer(() => rm(folder, { recursive: true, force: true }))
    await writeComparison(slower, folder)
    const browser = await launchChromium()
    cleanup.defer(() => browser.close())
    const page = await browser.newPage({ viewport: { width: 390, height: 900 } })
    const url = pathToFileURL(join(folder, 'comparison.html')).href
    await page.goto(url)
    const shown = () => page.locator('#figures tbody tr:visible').count()
    const all = slower.points.flatMap(({ changes }) => changes)
    assert.equal(await shown(), all.length)
    await page.locator('select[name="verdict"]').selectOption('slower')
    const slow = all.filter(({ verdict }) => verdict === 'slower')
    assert.equal(await shown(), slow.length)
    assert.equal(await page.locator('.count').textContent(), `${slow.length} of ${all.length} figures`)
    await page.locator('select[name="figure"]').selectOption('ITL p95')
    await page.locator('input[name="find"]').fill('8000/256 16')
    assert.equal(await shown(), 1)
    const hash = new URL(page.url()).hash
    assert.equal(hash, '#verdict=slower&figure=ITL+p95&find=8000%2F256+16')
    const download = page.waitForEvent('download')
    await page.locator('[data-save-rows] [data-export="csv"]').click()
    const rows = parseCsv(await readFile(await (await download).path(), 'utf8'))
    assert.deepEqual(
      rows.map(row => [row.Point, row.Figure]),
      [['agg x2, 8000/256, concurrency 16', 'ITL p95']],
    )
    const change = slow.find(({ figure, head }) => figure.name === 'itl_p95_ms' && String(head) === rows[0]?.Head)
    assert.ok(change !== undefined, 'figures of the CSV are unrounded')
    const again = await browser.newPage()
    await again.goto(`${url}${hash}`)
    assert.equal(await again.locator('#figures tbody tr:visible').count(), 1)
  })

  test('a mark of a frontier tells its run and place, and double click undoes a zoom', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fulcrum-compare-'))
    await using cleanup = new AsyncDisposableStack()
    cleanup.defer(() => rm(folder, { recursive: true, force: true }))
    await writeComparison(slower, folder)
    const browser = await launchChromium()
    cleanup.defer(() => browser.close())
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } })
    const complaints: string[] = []
    page.on('console', message => complaints.push(message.text()))
    page.on('pageerror', error => complaints.push(error.message))
    await page.goto(pathToFileURL(join(folder, 'comparison.html')).href)
    const chart = page.locator('[data-figure="0"]')
    await until(page, `document.querySelector('[data-figure="0"] svg')`)
    const labels = `[...document.querySelector('[data-figure="0"] .role-axis-label').querySelectorAll('text')].map(label => label.textContent).sort().join()`
    // The one on top: marks of both runs may lie on each other.
    await chart.locator('.mark-symbol path[opacity="0"]').last().hover({ timeout: 10_000 })
    await until(page, `document.querySelector('#vg-tooltip-element.visible')`)
    assert.match((await page.locator('#vg-tooltip-element').textContent()) ?? '', /Run\s*(base|head)/)
    const before = await page.evaluate(labels)
    await page.keyboard.down('Control')
    await page.mouse.wheel(0, -600)
    await page.keyboard.up('Control')
    await until(page, `${labels} !== ${JSON.stringify(before)}`)
    await chart.locator('svg').dblclick({ position: { x: 120, y: 120 } })
    await until(page, `${labels} === ${JSON.stringify(before)}`)
    assert.deepEqual(complaints, [])
  })
})
