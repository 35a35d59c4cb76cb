/** Which numbers an amount of a capacity question may be. */
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
 * What a capacity file, a flag and the page take, by what it is: one list, so that none of them plans what another
 * refuses.
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
  /** Of a kind of request in the mix. */
  weight: { above: 0, to: 1e12 },
} as const satisfies { readonly [amount: string]: Allowed }

/** Whether a number is one of those. */
export function isAllowed(value: number, { above, from, to, whole }: Allowed): boolean {
  return (
    Number.isFinite(value) &&
    (above === undefined || value > above) &&
    (from === undefined || value >= from) &&
    (to === undefined || value <= to) &&
    (whole === undefined || Number.isSafeInteger(value))
  )
}

/** `a whole number from 0 to 100`: what to write instead. */
export function allowedText({ above, from, to, whole }: Allowed): string {
  const noun = whole === undefined ? 'a number' : 'a whole number'
  const least = above !== undefined ? ` above ${above}` : from !== undefined ? ` from ${from}` : ''
  return `${noun}${least}${to === undefined ? '' : ` ${least === '' ? 'up' : above === undefined ? '' : 'and up '}to ${to}`}`
}

/** A decimal number as flags and forms write it; NaN for any other text, also for `1e5` and for spaces. */
export function decimal(text: string): number {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN
}
