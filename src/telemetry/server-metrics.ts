import type { Finding, Measurement, ServerMetrics } from '../metrics/measurement.ts'
import type { Endpoint } from '../model/index.ts'
import { counted } from '../model/index.ts'
import { contradictions, type Exposition, parseExposition } from './exposition.ts'
import { type Miss, type PageText, readPage } from './metrics-page.ts'
import { resetsOf } from './resets.ts'
import { type DueScrape, scrapesWithin, sourceMetrics } from './window.ts'

/** Frequent enough to see a queue, and cheap compared with the load. */
const intervalMs = 1000

/** Maximum length of an unreadable line in a finding, in characters. */
const mostOfALine = 120

/** After this many failures, a page that never answered is not scraped again during the point. */
const mostMisses = 3

/** A steady window: its start (ISO 8601) and its length. */
export type SteadyBounds = Pick<Measurement, 'startedAt' | 'durationS'>

/** Metrics of each source over the last few scrapes, and over the window until now. */
export interface ServerNow {
  readonly recent: ServerMetrics
  readonly window: ServerMetrics
}

/** Scrapes that make up the present. */
const scrapesOfNow = 5

/** Scrapes the server's metrics during a point. */
export interface ServerWatch extends AsyncDisposable {
  /** Marks the start of the measured window; earlier scrapes no longer count. Only the first call counts. */
  begin(): void
  /** Marks the end of the measured window and takes a last scrape. */
  end(): void
  /**
   * Summary of the window, empty for sources that did not answer. The window lies between {@link begin} and {@link
   * end}, or is the given steady one, whose bounds are known only after it.
   */
  metrics(steady?: SteadyBounds): Promise<ServerMetrics>
  /** Latest metrics of the sources, and their latencies since {@link begin}. Sources that did not answer are absent. */
  now(): ServerNow
  /** Pages that were unavailable or unreadable. A page that the server doesn't have (HTTP 404) is not one of them. */
  remarks(): Promise<readonly Finding[]>
}

/**
 * Starts to scrape an endpoint's metrics pages, all at the same moments so that their counts cover the same span. A
 * slow page skips moments and delays no other page. Never fails: a missing page does not cost the point.
 * @param deciding metrics from which figures are computed, see {@link sourceMetrics}
 */
export function watchServer(endpoint: Endpoint, clockMs: () => number, deciding: RegExp | null = null): ServerWatch {
  const pages = Object.entries(endpoint.metricsUrls).map(([source, url]) => ({
    source,
    url,
    page: watchPage(() => readPage(url, endpoint), clockMs),
  }))
  /** Offset to subtract from wall-clock time to get the time of the scrapes. */
  const wallAheadMs = Date.now() - clockMs()
  const each = (act: (page: SeenPage, dueMs: number) => void) => {
    const dueMs = clockMs()
    for (const { page } of pages) act(page, dueMs)
  }
  each((page, dueMs) => page.scrape(dueMs))
  const timer = setInterval(() => each((page, dueMs) => page.scrape(dueMs)), intervalMs)
  const end = () => {
    clearInterval(timer)
    each((page, dueMs) => page.end(dueMs))
  }
  const stop = async () => {
    end()
    await Promise.all(pages.map(({ page }) => page.settled()))
  }
  return {
    begin: () => each((page, dueMs) => page.begin(dueMs)),
    end,
    async metrics(steady) {
      await stop()
      const startMs = steady === undefined ? Number.NaN : Date.parse(steady.startedAt) - wallAheadMs
      const bounds = steady === undefined ? null : { startMs, endMs: startMs + 1000 * steady.durationS }
      const seen = pages.map(({ source, page }) => {
        if (bounds === null) return [source, sourceMetrics(page.scrapes(), page.beganMs(), false, deciding)] as const
        const { scrapes, isLoaded } = scrapesWithin(page.allScrapes(), bounds)
        return [source, sourceMetrics(scrapes, bounds.startMs, isLoaded, deciding)] as const
      })
      return Object.fromEntries(seen.filter(([, metrics]) => Object.keys(metrics).length > 0))
    },
    now() {
      const of = (some: (scrapes: readonly DueScrape[]) => readonly DueScrape[]) =>
        Object.fromEntries(
          pages.flatMap(({ source, page }) => {
            const metrics = sourceMetrics(some(page.scrapes()), undefined, true)
            return Object.keys(metrics).length === 0 ? [] : [[source, metrics] as const]
          }),
        )
      return {
        recent: of(scrapes => scrapes.slice(-scrapesOfNow)),
        // Counters need only the two ends.
        window: of(scrapes => (scrapes.length < 2 ? [] : [...scrapes.slice(0, 1), ...scrapes.slice(-1)])),
      }
    },
    async remarks() {
      await stop()
      return pages.flatMap(({ source, url, page }) => lossOf(`${source} (${url})`, page))
    },
    [Symbol.asyncDispose]: stop,
  }
}

type SeenPage = ReturnType<typeof watchPage>

function lossOf(what: string, page: SeenPage): readonly Finding[] {
  const scrapes = page.scrapes()
  // A page that the server doesn't have is not reported.
  if (scrapes.length === 0 && page.miss()?.isAbsent === true) return []
  return [
    ...unreadable(what, scrapes),
    ...valueless(what, scrapes),
    ...unavailable(what, scrapes.length, page),
    ...setBack(what, page),
  ]
}

function unreadable(what: string, scrapes: ReturnType<SeenPage['scrapes']>): readonly Finding[] {
  const unread = scrapes.find(({ page }) => page.unread.count > 0)?.page
  if (unread !== undefined) return [unreadFinding(what, unread)]
  if (!scrapes.some(({ isCut }) => isCut)) return []
  const message = `The metrics page of ${what} is incomplete: OpenMetrics must end with '# EOF'`
  return [finding('warning', 'metrics-cut', message)]
}

/** Pages that can be read and say nothing, or two things. */
function valueless(what: string, scrapes: ReturnType<SeenPage['scrapes']>): readonly Finding[] {
  const pages = scrapes.map(({ page }) => page).filter(({ samples }) => samples.length > 0)
  const [first, last] = [pages[0], pages.at(-1)]
  if (first === undefined || last === undefined) return []
  if (!pages.some(({ samples }) => samples.some(({ value }) => Number.isFinite(value)))) {
    const message = `The metrics page of ${what} has only values that are NaN or infinite, so server metrics are unavailable`
    return [finding('note', 'metrics-unread', message)]
  }
  // A server repeats a series on every page; comparing all pages would take CPU from the load.
  const twice = new Set([...contradictions(first), ...contradictions(last)])
  const [example] = twice
  if (example === undefined) return []
  const more = twice.size === 1 ? '' : ` and of ${twice.size - 1} more`
  const message = `The metrics page of ${what} has several values of ${example.slice(0, mostOfALine)}${more}, which count as unknown`
  return [finding('warning', 'metrics-contradictory', message)]
}

function unavailable(what: string, scraped: number, page: SeenPage): readonly Finding[] {
  const [miss, missed] = [page.miss(), page.missedInWindow()]
  if (miss === null) return []
  if (scraped <= 1)
    return [finding('note', 'metrics-missing', `The metrics page of ${what} is unavailable: ${miss.why}`)]
  if (missed === 0) return []
  const share = `${missed} of ${counted(missed + scraped, 'request')}`
  const message = `${share} for the metrics page of ${what} failed during the point, the last one with: ${miss.why}`
  return [finding('note', 'metrics-gaps', message)]
}

function setBack(what: string, page: SeenPage): readonly Finding[] {
  const scrapes = page.scrapes()
  const resets = resetsOf(scrapes)
  const [first] = resets
  if (first === undefined) return []
  const times = resets.length === 1 ? 'once' : `${resets.length} times`
  const atS = ((first - (page.beganMs() ?? first)) / 1000).toFixed(1)
  const message = `The counters of ${what} were reset ${times} during the point, first ${atS} s after its start: the process was restarted or replaced`
  return [finding('warning', 'metrics-reset', message)]
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

function watchPage(read: () => Promise<PageText | Miss>, clockMs: () => number) {
  let scrapes: (DueScrape & { readonly isCut: boolean })[] = []
  /** Scrapes from before the start of the window. */
  let earlier: typeof scrapes = []
  let misses = 0
  let missedInWindow = 0
  let hasAnswered = false
  let answeredLast = false
  let miss: Miss | null = null
  let beganMs: number | undefined
  let over = false
  let queue: Promise<void> = Promise.resolve()
  let waiting = 0

  const look = async (dueMs: number) => {
    const isLast = over
    // A replaced worker answers again later; only the last scrape skips the wait for it.
    if (misses >= mostMisses && (!hasAnswered || (isLast && !answeredLast))) return
    const answer = await read()
    answeredLast = 'text' in answer
    hasAnswered ||= answeredLast
    if (!answeredLast) {
      misses++
      if (beganMs !== undefined) missedInWindow++
    }
    if ('text' in answer) {
      const page = parseExposition(answer.text)
      scrapes.push({ dueMs, atMs: clockMs(), page, isCut: answer.isOpenMetrics && !page.ended })
    } else miss = answer
  }
  const enqueue = (task: () => Promise<void> | void) => {
    waiting++
    queue = queue.then(task).finally(() => waiting--)
  }
  return {
    /** Does nothing while an earlier scrape is under way. */
    scrape(dueMs: number) {
      if (waiting === 0 && !over) enqueue(() => look(dueMs))
    },
    begin(dueMs: number) {
      if (beganMs !== undefined) return
      beganMs = dueMs
      enqueue(() => {
        earlier = scrapes
        scrapes = []
      })
      enqueue(() => look(dueMs))
    },
    end(dueMs: number) {
      if (over) return
      over = true
      enqueue(() => look(dueMs))
    },
    settled: () => queue,
    scrapes: () => scrapes,
    allScrapes: () => [...earlier, ...scrapes],
    beganMs: () => beganMs,
    miss: () => miss,
    missedInWindow: () => missedInWindow,
  }
}
