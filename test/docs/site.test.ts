// Test part: browser

import assert from 'node:assert/strict'
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { execa } from 'execa'
import type { Browser } from 'playwright-core'
import { launchChromium, openPage } from '../render/browser.ts'
import { repository } from './markdown.ts'

const types: { readonly [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/** The folder as GitHub Pages would serve it: below a path, and nothing else. */
async function serve(folder: string, base: string) {
  const server = createServer(async ({ url = '' }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname)
    const file = join(folder, path.slice(base.length), path.endsWith('/') ? 'index.html' : '')
    const content = path.startsWith(base) ? await readFile(file).catch(() => null) : null
    response.writeHead(content === null ? 404 : 200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
    })
    response.end(content)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${base}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe('the documentation site', { timeout: 900_000 }, () => {
  const cleanup = new AsyncDisposableStack()
  const base = '/fulcrum/'
  let folder: string
  let site: string
  let browser: Browser
  let pages: readonly { readonly path: string; readonly html: string }[]

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fulcrum-docs-site-'))
    cleanup.defer(() => rm(folder, { recursive: true, force: true }))
    await execa('npm', ['run', '--silent', 'docs:site', '--', '--base', base, '--out', folder], {
      cwd: repository,
      timeout: 600_000,
    })
    const found = (await Array.fromAsync(glob('**/*.html', { cwd: folder }))).sort()
    pages = await Promise.all(found.map(async path => ({ path, html: await readFile(join(folder, path), 'utf8') })))
    const served = await serve(folder, base)
    cleanup.defer(served.close)
    site = served.url
    browser = await launchChromium()
    cleanup.defer(() => browser.close())
  })
  after(() => cleanup.disposeAsync())

  test('has each page of docs/, and names each in the sidebar', async () => {
    const sources = (await Array.fromAsync(glob('docs/**/*.md', { cwd: repository }))).map(path =>
      path.slice('docs/'.length).replace(/README\.md$/, 'index.md'),
    )
    const home = pages.find(({ path }) => path === 'index.html')?.html ?? ''
    const missing = sources
      .filter(path => path !== 'index.md')
      .map(path => path.replace(/\.md$/, '.html'))
      .filter(
        path =>
          !pages.some(page => page.path === path) ||
          !home.includes(`href="${base}${path.replace(/index\.html$/, '')}"`),
      )
    assert.deepEqual(missing, [])
    assert.ok(sources.length > 60)
  })

  test('has no broken link, anchor or picture', async () => {
    const files = new Set(await Array.fromAsync(glob('**/*.*', { cwd: folder })))
    const anchors = new Map(
      pages.map(({ path, html }) => [path, new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id))]),
    )
    const broken = new Set<string>()
    let checked = 0
    for (const { path, html } of pages)
      for (const [, written = ''] of html.matchAll(/ (?:href|src)="([^"]+)"/g)) {
        const url = new URL(written.replaceAll('&amp;', '&'), `http://site${base}${path}`)
        if (url.host !== 'site') continue
        checked += 1
        const to = decodeURIComponent(url.pathname.slice(base.length)).replace(/(^|\/)$/, '$1index.html')
        const anchor = decodeURIComponent(url.hash.slice(1))
        const isThere = url.pathname.startsWith(base) && files.has(to)
        if (!isThere || (anchor !== '' && anchors.get(to)?.has(anchor) === false)) broken.add(`${path}: ${written}`)
      }
    assert.deepEqual([...broken], [])
    assert.ok(checked > 1000)
  })

  test('finds what is searched for, without asking another host', async () => {
    const { page, requests } = await openPage(browser, site)
    const missing: string[] = []
    page.on('response', response => missing.push(...(response.status() < 400 ? [] : [response.url()])))
    await page.reload()
    await page.locator('.VPNavBarSearch button').first().click()
    await page.locator('input.search-input').fill('steady window')
    const first = page.locator('.results .result').first()
    await first.waitFor()
    assert.match((await first.textContent()) ?? '', /Measurement\s+windows/)
    await first.click()
    await page.waitForURL(/explanation\/windows\.html/)
    assert.deepEqual(
      requests.filter(url => !url.startsWith(site) && !url.startsWith('data:')),
      [],
    )
    assert.deepEqual(missing, [])
    await page.close()
  })

  test('follows the reader’s light or dark setting', async () => {
    const backgrounds = []
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await openPage(browser, `${site}reference/points-csv.html`, { colorScheme })
      backgrounds.push(await page.evaluate('getComputedStyle(document.body).backgroundColor'))
      await page.close()
    }
    assert.deepEqual(backgrounds, ['rgb(255, 255, 255)', 'rgb(27, 27, 31)'])
  })

  test('scrolls on no page sideways, on a phone or a wide screen', async () => {
    const page = await browser.newPage()
    page.setDefaultTimeout(180_000)
    const wide: string[] = []
    for (const { path } of pages) {
      await page.goto(site + path, { waitUntil: 'domcontentloaded' })
      for (const width of [390, 1600]) {
        await page.setViewportSize({ width, height: 900 })
        const { scrollWidth, clientWidth } = await page.evaluate<{ scrollWidth: number; clientWidth: number }>(
          '(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }))(document.documentElement)',
        )
        if (scrollWidth > clientWidth) wide.push(`${path} at ${width} px: ${scrollWidth} px`)
      }
    }
    assert.deepEqual(wide, [])
    await page.close()
  })

  test('has the files of docs/ that its pages offer', async () => {
    const workflow = 'ci/github-actions.yml'
    assert.equal(
      await readFile(join(folder, workflow), 'utf8'),
      await readFile(join(repository, 'docs', workflow), 'utf8'),
    )
  })
})
