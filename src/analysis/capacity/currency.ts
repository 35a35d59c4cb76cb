/** ISO 4217 codes that this Node.js knows, from `Intl`. */
const codes: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** Normalizes an ISO 4217 code: `EUR` for `eur`; null if invalid. */
export function currencyCode(text: string): string | null {
  const code = text.trim().toUpperCase()
  return codes.has(code) ? code : null
}
