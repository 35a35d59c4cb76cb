import type { Exposition } from './exposition.ts'
import type { Scrape } from './window.ts'

/**
 * Detects when the process behind a page was replaced, on the clock of the scrapes: its start time changed, or most of
 * its counters are lower than before.
 */
export function resetsOf(scrapes: readonly Scrape[]): readonly number[] {
  const resets: number[] = []
  let before: Standing | null = null
  for (const { atMs, page } of scrapes) {
    const now = standingOf(page)
    if (before !== null && isReset(before, now)) resets.push(atMs)
    before = now
  }
  return resets
}

/** Counters that only a new process resets. */
interface Standing {
  readonly startedS: number | null
  /** Sum over the series of each counter, so that a disappearing label lowers only few of them. */
  readonly counters: ReadonlyMap<string, number>
}

function standingOf({ samples, types }: Exposition): Standing {
  const counters = new Map<string, number>()
  let startedS: number | null = null
  for (const { name, value } of samples) {
    if (name === 'process_start_time_seconds') startedS = value
    if ((types.get(name) === 'counter' || name.endsWith('_total')) && Number.isFinite(value))
      counters.set(name, (counters.get(name) ?? 0) + value)
  }
  return { startedS, counters }
}

function isReset(before: Standing, now: Standing): boolean {
  if (before.startedS !== null && now.startedS !== null) return before.startedS !== now.startedS
  const counted = [...before.counters].filter(([, value]) => value > 0)
  const lower = counted.filter(([name, value]) => (now.counters.get(name) ?? 0) < value)
  return lower.length > counted.length / 2
}
