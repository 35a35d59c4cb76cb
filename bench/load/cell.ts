/** One thing to compare all clients by: a mock server's behaviour and a load on it. */
export interface Cell {
  readonly name: string
  readonly concurrency: number
  readonly requests: number
  /** Output tokens of each request. */
  readonly tokens: number
  readonly ttftMs: number
  readonly itlMs: number
  /** Who takes part: all; Node clients and vllm-rs; or only those that hold many streams in seconds. */
  readonly who: 'all' | 'fast' | 'many'
}

/** ISL of all cells, in tokens. */
export const isl = 512

const waves = (concurrency: number, count: number, more: Partial<Cell> = {}): Cell => ({
  name: `c=${concurrency}`,
  concurrency,
  requests: concurrency * count,
  tokens: 64,
  ttftMs: 50,
  itlMs: 10,
  who: 'all',
  ...more,
})

/** The cells of the published table, by name. */
export const cells: readonly Cell[] = [
  // A single slot needs more waves for a percentile, and short ones.
  waves(1, 40, { tokens: 8 }),
  waves(32, 4),
  waves(128, 4),
  waves(512, 4),
  waves(1024, 3, { who: 'fast' }),
  waves(128, 12, { name: 'c=128 long' }),
  waves(128, 8, { name: 'ITL 1 ms', tokens: 512, itlMs: 1, who: 'fast' }),
  { name: 'saturation', concurrency: 64, requests: 64 * 40, tokens: 256, ttftMs: 0, itlMs: 0, who: 'all' },
  // More streams than these two cores can serve a token every 10 ms.
  waves(4096, 2, { tokens: 12, ttftMs: 1000, itlMs: 200, who: 'many' }),
  waves(10_000, 1, { tokens: 8, ttftMs: 2000, itlMs: 500, who: 'many' }),
]

/** Seconds that a perfect client and server would take. */
export function idealS(cell: Cell): number {
  return (Math.ceil(cell.requests / cell.concurrency) * (cell.ttftMs + (cell.tokens - 1) * cell.itlMs)) / 1000
}
