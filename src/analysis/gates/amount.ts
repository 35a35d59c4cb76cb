/** A figure's value with its unit, to three digits: `187 ms`, `2.13 s`, `1.5%`, `96.4 tokens/s/GPU`. */
export function amountText(unit: string, value: number): string {
  if (unit === 'ms') return value < 1000 ? `${digits(value)} ms` : `${digits(value / 1000)} s`
  return unit === '%' ? `${digits(100 * value)}%` : `${digits(value)} ${unit}`
}

const digits = (value: number) =>
  Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
