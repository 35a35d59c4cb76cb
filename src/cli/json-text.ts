import { isSecret, redactor } from '../model/text/redact.ts'

/**
 * JSON text for `--json`. Replaces the values of secret environment variables, and strings under the name of a secret
 * (`load.extra.api_key`). A text such as `$NAME` only names a variable and stays.
 */
export function jsonText(
  value: unknown,
  indent?: number,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const redact = redactor(env)
  const shown = (key: string, value: unknown) => {
    if (isSecret(key, value)) return '<redacted>'
    return typeof value === 'string' ? redact(value) : value
  }
  return JSON.stringify(value, shown, indent)
}
