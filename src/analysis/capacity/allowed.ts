/** Valid range of a number in a capacity question. */
export interface Allowed {
  /** Exclusive. */
  readonly above?: number
  /** Inclusive. */
  readonly from?: number
  /** Inclusive. */
  readonly to?: number
  readonly whole?: true
}

/**
 * Ranges of numbers in capacity files, flags and the page, by kind. One list, so that all of them accept the same
 * values.
 */
export const allowed = {
  requestsPerS: { above: 0 },
  users: { from: 1, whole: true },
  thinkS: { from: 0 },
  growthPerMonth: { above: -1, to: 10 },
  months: { from: 0, to: 120, whole: true },
  limitMs: { above: 0 },
  gpusPerNode: { from: 1, whole: true },
  nodes: { from: 1, whole: true },
  gpuPricePerHour: { above: 0 },
  nodesLost: { from: 0, to: 100, whole: true },
  /** Weight of a kind of request in the mix. */
  weight: { above: 0, to: 1e12 },
} as const satisfies { readonly [amount: string]: Allowed }

/** Whether a number is in a range. */
export function isAllowed(value: number, { above, from, to, whole }: Allowed): boolean {
  return (
    Number.isFinite(value) &&
    (above === undefined || value > above) &&
    (from === undefined || value >= from) &&
    (to === undefined || value <= to) &&
    (whole === undefined || Number.isSafeInteger(value))
  )
}

/** Describes a range for messages: `a whole number from 0 to 100`. */
export function allowedText({ above, from, to, whole }: Allowed): string {
  const noun = whole === undefined ? 'a number' : 'a whole number'
  const least = above !== undefined ? ` above ${above}` : from !== undefined ? ` from ${from}` : ''
  return `${noun}${least}${to === undefined ? '' : ` ${least === '' ? 'up' : above === undefined ? '' : 'and up '}to ${to}`}`
}

/** Parses a decimal number of a flag or form; NaN for any other text, including `1e5` and spaces. */
export function decimal(text: string): number {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN
}
