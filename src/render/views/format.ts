/**
 * Formats figures for readers: three significant digits, thousands separators, and a dash for values that were not
 * measured.
 */

import { grouped, rounded } from '../../model/index.ts'

export { counted } from '../../model/index.ts'

const digits = 3

/**
 * `1,234`, `123`, `12.3`, `1.23`, `0.0123`; `–` for null. Formats as `Intl.NumberFormat` does, whose first use in a process
 * takes 15 ms.
 */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (size >= 100) return grouped(value.toFixed(0))
  if (size === 0) return '0'
  const places = digits - 1 - Number(size.toExponential().split('e')[1])
  const text = rounded(size, places).toFixed(Math.min(100, Math.max(0, places)))
  return `${value < 0 ? '-' : ''}${text.includes('.') ? text.replace(/\.?0+$/, '') : text}`
}

/** Milliseconds below one second, otherwise seconds: `187 ms`, `2.13 s`. */
export function time(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–'
  return ms < 1000 ? `${figure(ms)} ms` : `${figure(ms / 1000)} s`
}

/** A value with its unit (`187 ms`, `1.5%`), or a bare number if the unit is in the title. */
export function valueText({ unit }: { readonly unit: string }, value: number | null | undefined): string {
  if (unit === 'ms') return time(value)
  return unit === '%' && value !== null && value !== undefined ? `${figure(100 * value)}%` : figure(value)
}

/** A relative change with its sign: `+12%`, `−3.4%`, `0%`. */
export function change(relative: number): string {
  const percent = relative * 100
  const size = Math.abs(percent)
  if (size < 0.05) return '0%'
  const digits = size >= 10 ? size.toFixed(0) : size.toFixed(1)
  return `${percent < 0 ? '−' : '+'}${digits}%`
}

/** `41 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}

/** A share of 1 in percent: `71%`, `−0.5%`. */
export const percent = (share: number) => `${share < 0 ? '−' : ''}${figure(Math.abs(100 * share))}%`
