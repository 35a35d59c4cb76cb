import type { ServerMetrics } from '../../metrics/measurement.ts'
import { parseExposition } from '../../metrics/server/exposition.ts'
import { type Scrape, sourceMetrics } from '../../metrics/server/window.ts'
import type { Endpoint } from '../../point/index.ts'

/** Once a second is often enough to see a queue, and nothing beside the load. */
const intervalMs = 1000

/** A page that takes longer is not waited for; the next one comes. */
const timeoutMs = 2000

/** A page that fails this often is not asked any more through this point. */
const mostMissesInARow = 3

/** A look at the server's own metrics through a point. */
export interface ServerWatch extends AsyncDisposable {
  /** The measured window begins, when said first: what was seen before counts no more. */
  begin(): void
  /** The measured window is over: one last look. */
  end(): void
  /** What was seen within the window; empty for sources that did not answer. */
  metrics(): Promise<ServerMetrics>
}

/** Begins to look at an endpoint's metrics pages, each at its own pace. Never fails: a point is not lost for a missing page. */
export function watchServer(endpoint: Endpoint, clockMs: () => number): ServerWatch {
  const pages = Object.entries(endpoint.metricsUrls).map(([source, url]) => ({
    source,
    page: watchPage(() => readPage(url, endpoint), clockMs),
  }))
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
    async metrics() {
      await stop()
      const seen = pages.map(({ source, page }) => [source, sourceMetrics(page.scrapes(), page.beganMs())] as const)
      return Object.fromEntries(seen.filter(([, metrics]) => Object.keys(metrics).length > 0))
    },
    [Symbol.asyncDispose]: stop,
  }
}

function watchPage(read: () => Promise<string | null>, clockMs: () => number) {
  let scrapes: Scrape[] = []
  let missesInARow = 0
  let beganMs: number | undefined
  let over = false
  let queue: Promise<void> = Promise.resolve()
  let waiting = 0

  const look = async () => {
    if (missesInARow >= mostMissesInARow) return
    const text = await read()
    missesInARow = text === null ? missesInARow + 1 : 0
    if (text !== null) scrapes.push({ atMs: clockMs(), page: parseExposition(text) })
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
    beganMs: () => beganMs,
  }
}

async function readPage(url: string, endpoint: Endpoint): Promise<string | null> {
  const key = endpoint.apiKeyEnv === undefined ? undefined : process.env[endpoint.apiKeyEnv]
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMs),
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    })
    return response.ok ? await response.text() : null
  } catch {
    return null
  }
}
