import { setTimeout } from 'node:timers/promises'
import { parseExposition } from '../exposition.ts'
import { exporterPage } from './dcgm.ts'
import type { TimedSample } from './sample.ts'
import { isWhole, nowMs, type Source } from './source.ts'

const pageLimitMs = 5_000
const mostOfAPage = 120
/** Time between two looks at a page of dcgm-exporter, which shows what it collected last, every 30 s by default. */
const lookMs = 250
/** Time to wait for a page to show what happened up to the end of the window. */
const changeLimitMs = 2_500

/** Samples the page of an exporter. A page that has not changed holds no new sample. */
export function exporter(url: string, sampleS: number): Source {
  const samples: TimedSample[] = []
  const twice: string[] = []
  const seen = { source: 'dcgm', samples, twice, unchangedS: 0 }
  const spoke = Promise.withResolvers<void>()
  let looking: Promise<void> | null = null
  let beganMs = Number.NEGATIVE_INFINITY
  let text: string | null = null
  let answeredMs = Number.NEGATIVE_INFINITY
  let changedMs = Number.NEGATIVE_INFINITY
  let steadilyMs = Number.POSITIVE_INFINITY
  const look = (): Promise<void> => {
    looking ??= read().finally(() => {
      looking = null
      spoke.resolve()
    })
    return looking
  }
  const read = async () => {
    beganMs = nowMs()
    const askedMs = beganMs
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(pageLimitMs) })
      const answer = await response.text()
      if (!response.ok) source.trouble ??= `HTTP ${response.status}`
      else if (answer === text) repeat()
      else take(answer)
      if (response.ok) [text, answeredMs] = [answer, askedMs]
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
      source.trouble ??= cause instanceof Error ? cause.message : String(cause)
    }
  }
  const repeat = () => {
    seen.unchangedS = Math.max(seen.unchangedS, (nowMs() - changedMs) / 1000)
    for (const [id, sample] of source.latest) source.latest.set(id, { ...sample, atMs: nowMs() })
  }
  const take = (answer: string) => {
    const page = exporterPage(parseExposition(answer))
    if (page === null) {
      const start = answer.trim().slice(0, mostOfAPage).replace(/\s+/g, ' ')
      const found = start === '' ? 'it is empty' : `it starts with: ${start}`
      source.trouble ??= `the page has no DCGM_FI_… or AMD gpu_… metrics; ${found}`
      return
    }
    seen.source = page.source
    const atMs = nowMs()
    steadilyMs = Math.min(steadilyMs, atMs - changedMs)
    changedMs = atMs
    // AMD's exporter asks the driver for each page.
    const age = page.source === 'dcgm' && samples.length > 0 ? { sinceMs: answeredMs } : {}
    const { hostname: at } = new URL(url)
    const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(at)
    for (const sample of page.samples) {
      const timed = { ...sample, host: isHere ? null : (sample.host ?? at), atMs, ...age }
      samples.push(timed)
      if (isWhole(timed)) source.latest.set(timed.id, timed)
    }
    for (const id of page.twice) if (!twice.includes(id)) twice.push(id)
  }
  const everyMs = sampleS * 1000
  const timer = setInterval(
    () => {
      const isCached = seen.source === 'dcgm' && samples.length > 0
      if (isCached || nowMs() - beganMs >= everyMs - 1) void look()
    },
    Math.min(everyMs, lookMs),
  )
  const source: Source = {
    what: url,
    seen,
    trouble: null,
    spoke: spoke.promise,
    latest: new Map(),
    stop: async () => {
      clearInterval(timer)
      await looking
    },
    last: async () => {
      const calledMs = nowMs()
      await looking
      await look()
      if (steadilyMs > changeLimitMs) return
      const untilMs = calledMs + Math.min(changeLimitMs, 2 * steadilyMs)
      while (changedMs < calledMs && nowMs() < untilMs) {
        await setTimeout(Math.min(everyMs, lookMs))
        await look()
      }
    },
  }
  void look()
  return source
}
