/** The value of a JSON text, or null if it is not JSON. For texts that a schema checks next. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
