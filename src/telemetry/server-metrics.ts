import type { Finding, Measurement, ServerMetrics } from '../metrics/measurement.ts'
import type { Endpoint } from '../model/index.ts'
import { type Exposition, parseExposition } from './exposition.ts'
import { type Scrape, scrapesWithin, sourceMetrics } from './window.ts'

/** Once per second is often enough to see a queue, and costs nothing compared with the load. */
const intervalMs = 1000

/** A page that takes longer is skipped; the next scrape follows. */
const timeoutMs = 2000

/** How much of an unreadable line a finding shows, in characters. */
const mostOfALine = 120

/** After so many failures in a row, a page is not scraped any more during this point. */
const mostMissesInARow = 3

/** A steady window: when it began (ISO 8601), and how long it was. */
export type SteadyBounds = Pick<Measurement, 'startedAt' | 'durationS'>

/** Scrapes the server's metrics during a point. */
export interface ServerWatch extends AsyncDisposable {
  /** Marks the start of the measured window; earlier scrapes no longer count. Only the first call counts. */
  begin(): void
  /** Marks the end of the measured window and takes a last scrape. */
  end(): void
  /**
   * What was seen within the window, empty for sources that did not answer: between {@link begin} and {@link end}, or
   * within a steady window, whose bounds are known once it is over.
   */
  metrics(steady?: SteadyBounds): Promise<ServerMetrics>
  /** Pages that were unavailable or unreadable. A page that the server doesn't have (HTTP 404) is no loss. */
  remarks(): Promise<readonly Finding[]>
}

/**
 * Begins to look at an endpoint's metrics pages, each at its own pace. Never fails: a point is not lost for a missing
 * page.
 */
export function watchServer(endpoint: Endpoint, clockMs: () => number): ServerWatch {
  const pages = Object.entries(endpoint.metricsUrls).map(([source, url]) => ({
    source,
    url,
    page: watchPage(() => readPage(url, endpoint), clockMs),
  }))
  /** Offset to subtract from wall-clock time to get the time of the scrapes. */
  const wallAheadMs = Date.now() - clockMs()
  const stop = async () => {
    await Promise.all(pages.map(({ page }) => page.stop()))
  }
  return {
    begin() {
      for (const { page } of pages) page.begin()
    },
    end() {
      for (const { page } of pages) page.end()
    },
    async metrics(steady) {
      await stop()
      const startMs = steady === undefined ? Number.NaN : Date.parse(steady.startedAt) - wallAheadMs
      const bounds = steady === undefined ? null : { startMs, endMs: startMs + 1000 * steady.durationS }
      const seen = pages.map(({ source, page }) => {
        if (bounds === null) return [source, sourceMetrics(page.scrapes(), page.beganMs())] as const
        const { scrapes, isLoaded } = scrapesWithin(page.allScrapes(), bounds)
        return [source, sourceMetrics(scrapes, bounds.startMs, isLoaded)] as const
      })
      return Object.fromEntries(seen.filter(([, metrics]) => Object.keys(metrics).length > 0))
    },
    async remarks() {
      await stop()
      return pages.flatMap(({ source, url, page }) => lossOf(`${source} (${url})`, page.scrapes(), page.miss()))
    },
    [Symbol.asyncDispose]: stop,
  }
}

/** A page that was read: its text, and whether the server calls it OpenMetrics. */
interface Read {
  readonly text: string
  readonly isOpenMetrics: boolean
}

/** Why a page is unavailable. */
interface Miss {
  readonly why: string
  /** The server has no such page. */
  readonly isAbsent: boolean
}

function lossOf(
  what: string,
  scrapes: readonly (Scrape & { readonly isCut: boolean })[],
  miss: Miss | null,
): readonly Finding[] {
  const unread = scrapes.find(({ page }) => page.unread.count > 0)?.page
  if (unread !== undefined) return [unreadFinding(what, unread)]
  if (scrapes.some(({ isCut }) => isCut))
    return [
      finding('warning', 'metrics-cut', `The metrics page of ${what} is incomplete: OpenMetrics must end with '# EOF'`),
    ]
  if (miss === null || miss.isAbsent || scrapes.length > 1) return []
  return [finding('note', 'metrics-missing', `The metrics page of ${what} is unavailable: ${miss.why}`)]
}

function unreadFinding(what: string, { samples, types, unread: { count, first } }: Exposition): Finding {
  const example = (first ?? '').slice(0, mostOfALine)
  if (samples.length === 0 && types.size === 0) {
    const message = `${what} does not return a metrics page, so server metrics are unavailable; the response starts with: ${example}`
    return finding('note', 'metrics-unread', message)
  }
  const lines = `${count} ${count === 1 ? 'line' : 'lines'}`
  return finding(
    'warning',
    'metrics-unread',
    `${lines} of the metrics page of ${what} could not be read, such as: ${example}`,
  )
}

const finding = (severity: Finding['severity'], code: string, message: string): Finding => ({ severity, code, message })

function watchPage(read: () => Promise<Read | Miss>, clockMs: () => number) {
  let scrapes: (Scrape & { readonly isCut: boolean })[] = []
  /** Scrapes from before the start of the window. */
  let earlier: typeof scrapes = []
  let missesInARow = 0
  let miss: Miss | null = null
  let beganMs: number | undefined
  let over = false
  let queue: Promise<void> = Promise.resolve()
  let waiting = 0

  const look = async () => {
    if (missesInARow >= mostMissesInARow) return
    const answer = await read()
    missesInARow = 'text' in answer ? 0 : missesInARow + 1
    if ('text' in answer) {
      const page = parseExposition(answer.text)
      scrapes.push({ atMs: clockMs(), page, isCut: answer.isOpenMetrics && !page.ended })
    } else miss = answer
  }
  const enqueue = (task: () => Promise<void> | void) => {
    waiting++
    queue = queue.then(task).finally(() => waiting--)
  }
  const timer = setInterval(() => waiting === 0 && enqueue(look), intervalMs)
  const end = () => {
    if (over) return
    over = true
    clearInterval(timer)
    enqueue(look)
  }
  enqueue(look)
  return {
    begin() {
      if (beganMs !== undefined) return
      beganMs = clockMs()
      enqueue(() => {
        earlier = scrapes
        scrapes = []
      })
      enqueue(look)
    },
    end,
    async stop() {
      end()
      await queue
    },
    scrapes: () => scrapes,
    allScrapes: () => [...earlier, ...scrapes],
    beganMs: () => beganMs,
    miss: () => miss,
  }
}

async function readPage(url: string, endpoint: Endpoint): Promise<Read | Miss> {
  const key = endpoint.apiKeyEnv === undefined ? undefined : process.env[endpoint.apiKeyEnv]
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMs),
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    })
    if (!response.ok) {
      await response.body?.cancel()
      return { why: `HTTP ${response.status}`, isAbsent: response.status === 404 }
    }
    const isOpenMetrics = response.headers.get('content-type')?.includes('openmetrics') ?? false
    return { text: await response.text(), isOpenMetrics }
  } catch (error) {
    return { why: reasonOf(error), isAbsent: false }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`
  return error.cause instanceof Error ? error.cause.message : error.message
}
