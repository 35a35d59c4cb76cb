/** One thing to compare all clients by: a mock server's behaviour and a load on it. */
export interface Cell {
  readonly name: string
  readonly concurrency: number
  readonly requests: number
  /** Output tokens of each request. */
  readonly tokens: number
  readonly ttftMs: number
  readonly itlMs: number
  /** Who takes part: all; Node clients only; or only those on raw sockets, where others were seen to need minutes. */
  readonly who: 'all' | 'node' | 'sockets'
}

/** ISL of all cells, in tokens. */
export const isl = 512

const waves = (concurrency: number, count: number): Cell => ({
  name: `c=${concurrency}`,
  concurrency,
  requests: concurrency * count,
  tokens: 64,
  ttftMs: 50,
  itlMs: 10,
  who: 'all',
})

/** The cells of the published table, by name. */
export const cells: readonly Cell[] = [
  // A single slot needs more waves for a percentile.
  waves(1, 16),
  waves(32, 4),
  waves(128, 4),
  waves(512, 4),
  { name: 'c=128 long', concurrency: 128, requests: 128 * 12, tokens: 64, ttftMs: 50, itlMs: 10, who: 'all' },
  { name: 'saturation', concurrency: 64, requests: 64 * 40, tokens: 256, ttftMs: 0, itlMs: 0, who: 'all' },
  { name: 'ITL 1 ms', concurrency: 128, requests: 128 * 8, tokens: 512, ttftMs: 50, itlMs: 1, who: 'node' },
  {
    name: '10000 streams',
    concurrency: 10_000,
    requests: 10_000,
    tokens: 16,
    ttftMs: 5000,
    itlMs: 1000,
    who: 'sockets',
  },
]

/** Seconds that a perfect client and server would take. */
export function idealS(cell: Cell): number {
  return (Math.ceil(cell.requests / cell.concurrency) * (cell.ttftMs + (cell.tokens - 1) * cell.itlMs)) / 1000
}
