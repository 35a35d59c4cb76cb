/** Codes of ISO 4217 that this Node.js knows; `Intl` keeps the list. */
const codes: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** The ISO 4217 code as it is written, `EUR` of `eur`; null for what is none. */
export function currencyCode(text: string): string | null {
  const code = text.trim().toUpperCase()
  return codes.has(code) ? code : null
}
