import { grouped, rounded } from '../../model/index.ts'

/** A time for people: `0.42 ms`, `12.3 ms`, `1.2 s`. */
export function time(ms: number): string {
  const size = Math.abs(ms)
  if (size >= 1000) return `${(ms / 1000).toFixed(size >= 10_000 ? 0 : 1)} s`
  return `${ms.toFixed(size >= 100 ? 0 : size >= 1 ? 1 : 2)} ms`
}

/** A share of 1 in percent, with one decimal for small values. */
export function percent(share: number): string {
  const value = share * 100
  return `${grouped(value.toFixed(Math.abs(value) >= 10 || Number.isInteger(value) ? 0 : 1))}%`
}

/** A count with thousands separators, or a mean with one decimal. */
export function amount(value: number): string {
  return grouped(String(rounded(value, Math.abs(value) < 100 ? 1 : 0)))
}
