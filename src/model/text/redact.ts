/**
 * Last words of names whose values are secrets: `HF_TOKEN`, `api-key`, `AWS_SECRET_ACCESS_KEY`; not `tokenizer`,
 * `max_tokens`.
 */
const secretName = /(?:^|[_.-])(?:api_?key|access_?key|key|token|secret|password|passwd|passphrase|credentials?)$/i

/** A size or rate per token, such as `kv-bytes-per-token`, is not a secret. */
const perToken = /[_.-]per[_.-]token$/i

/** Shorter values are ordinary words (`true`, `none`) rather than secrets. */
const shortestSecret = 8

/** Secrets that are recognized by their shape anywhere in a text. */
const shapes: readonly { readonly pattern: RegExp; readonly shown: string }[] = [
  { pattern: /\b(authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)?\s*)[^\s"',;]+/gi, shown: '$1<redacted>' },
  { pattern: /\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi, shown: '$1<redacted>' },
  { pattern: /\bhf_[A-Za-z0-9]{8,}/g, shown: 'hf_<redacted>' },
  { pattern: /\bnvapi-[A-Za-z0-9_-]{8,}/g, shown: 'nvapi-<redacted>' },
  { pattern: /\bsk-[A-Za-z0-9_-]{16,}/g, shown: 'sk-<redacted>' },
  { pattern: /\bgh[pousr]_[A-Za-z0-9]{16,}/g, shown: 'gh_<redacted>' },
  { pattern: /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:)[^\s/@"']+@/gi, shown: '$1<redacted>@' },
]

/** `NAME=value`, `NAME: value`, `"name": "value"`, and `--name value`; a name within prose is not an assignment. */
const assignments: readonly RegExp[] = [
  /((?<![\w.-])["']?(?:--)?([A-Za-z_][\w.-]*)["']?\s*[:=][ \t]*["']?)([^\s"',;{}[\]]+)/g,
  /((?<![\w-])--([A-Za-z_][\w.-]*)[ \t]+["']?)([^\s"',;{}[\]]+)/g,
]

/**
 * Whether a variable, key or option of this name holds a secret. A name that ends in `_env` holds the name of a
 * variable instead.
 */
export function isSecretName(name: string): boolean {
  return secretName.test(name) && !perToken.test(name)
}

/**
 * A function that removes secrets from text. Values of this environment's secret variables become `$NAME`. Bearer
 * tokens, authorization headers, well-known key shapes and passwords in URLs become `<redacted>`.
 */
export function redactor(env: Readonly<Record<string, string | undefined>>): (text: string) => string {
  const known = Object.entries(env)
    .flatMap(([name, value]) => (value !== undefined && isSecretName(name) ? [{ name, value }] : []))
    .filter(({ value }) => value.length >= shortestSecret)
    .sort((a, b) => b.value.length - a.value.length)
  return text => {
    let clean = text
    for (const { name, value } of known) clean = clean.replaceAll(value, `$${name}`)
    for (const { pattern, shown } of shapes) clean = clean.replace(pattern, shown)
    return clean
  }
}

/**
 * Like {@link redactor}, and also removes values written next to a secret's name, as in a sweep file or a command line.
 */
export function assignmentRedactor(env: Readonly<Record<string, string | undefined>>): (text: string) => string {
  const redact = redactor(env)
  const hide = (whole: string, before: string, name: string, value: string) =>
    isSecretName(name) && !value.startsWith('$') ? `${before}<redacted>` : whole
  return text => assignments.reduce((clean, assignment) => clean.replace(assignment, hide), redact(text))
}

/** A command line without secrets, including `--api-key VALUE` as two arguments. */
export function redactArguments(argv: readonly string[], redact: (text: string) => string): readonly string[] {
  return argv.map((argument, index) => {
    const option = argv[index - 1]
    if (option?.startsWith('-') && !option.includes('=') && isSecretName(option.replace(/^-+/, ''))) return '<redacted>'
    return redact(argument)
  })
}

/**
 * The same value with every string inside it redacted, and with strings under a secret's name (`api_key`) replaced;
 * keys stay.
 */
export function redactStrings<T>(value: T, redact: (text: string) => string): T {
  return walk(value, redact) as T
}

/** Whether a value is a secret, judged by its key; `$NAME` only names a variable. */
export const isSecret = (key: string, value: unknown): boolean =>
  typeof value === 'string' && value !== '' && isSecretName(key) && !value.startsWith('$')

function walk(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map(item => walk(item, redact))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, isSecret(key, field) ? '<redacted>' : walk(field, redact)]),
  )
}
