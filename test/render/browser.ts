import type { Browser, Page } from 'playwright-core'
import { chromium } from 'playwright-core'

/** A busy machine is slow, not broken: nothing here is about speed. */
const patienceMs = 180_000

/** Debian's Chromium, told to stay off the network. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    timeout: patienceMs,
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export interface OpenOptions {
  readonly width?: number
  readonly colorScheme?: 'light' | 'dark'
}

/** Opens a page, collecting everything it complains about and every request that leaves the disk. */
export async function openPage(
  browser: Browser,
  url: string,
  options: OpenOptions = {},
): Promise<{ page: Page; complaints: string[]; requests: string[] }> {
  const page = await browser.newPage({
    viewport: { width: options.width ?? 1280, height: 900 },
    colorScheme: options.colorScheme ?? 'light',
  })
  page.setDefaultTimeout(patienceMs)
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', error => complaints.push(`error: ${error.message}`))
  page.on('request', request => requests.push(request.url()))
  await page.goto(url)
  await drawn(page)
  return { page, complaints, requests }
}

/** Resolves when every chart that is to be seen has been drawn. */
export async function drawn(page: Page): Promise<void> {
  await until(
    page,
    `[...document.querySelectorAll('section.workload:not([hidden]) [data-chart]')].every(place => place.dataset.drawn && place.querySelector('svg'))`,
  )
}

/**
 * Waits until an expression is true on the page. Asked from here: Playwright's own wait evaluates in the page, which
 * its policy forbids.
 */
export async function until(page: Page, expression: string): Promise<void> {
  const deadlineMs = performance.now() + 30_000
  while (!(await page.evaluate(`Boolean(${expression})`))) {
    if (performance.now() > deadlineMs) throw new Error(`not true after 30 s: ${expression}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/**
 * What a reader can't see without scrolling sideways: elements that end right of the window, or of a box that scrolls.
 * Empty on a page on which nothing is cut off.
 */
export function cutOff(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('body *')].flatMap(element => {
    const { width, right } = element.getBoundingClientRect()
    if (width < 2 || right <= document.documentElement.clientWidth + 1) return []
    return [element.tagName + ' ' + element.className + ' ends at ' + Math.round(right) + ': ' + element.textContent.slice(0, 60)]
  })`)
}
