/** Last words of variable names whose values are secrets: `HF_TOKEN`, `AWS_SECRET_ACCESS_KEY`; not `MAX_TOKENS`. */
const secretName = /(?:^|[_.-])(?:api_?key|access_?key|key|token|secret|password|passwd|passphrase|credentials?)$/i

/** Shorter values are words that any text may hold. */
const shortestSecret = 8

const shapes: readonly { readonly pattern: RegExp; readonly shown: string }[] = [
  { pattern: /\b(authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)?\s*)[^\s"',;]+/gi, shown: '$1<redacted>' },
  { pattern: /\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi, shown: '$1<redacted>' },
  { pattern: /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:)[^\s/@"']+@/gi, shown: '$1<redacted>@' },
]

type Environment = Readonly<Record<string, string | undefined>>

/** Whether a variable or option of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return secretName.test(name)
}

/** A function that puts `$NAME` in the place of an environment's secrets, and hides bearer tokens and passwords in URLs. */
export function secretHider(env: Environment): (text: string) => string {
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

/** Variables to show: those of secret names as `$NAME`. */
export function shownEnvironment(env: { readonly [name: string]: string }): { readonly [name: string]: string } {
  const hide = secretHider(env)
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, isSecretName(name) ? `$${name}` : hide(value)]),
  )
}

/** A command line to show: the value after an option of a secret name hidden, and an environment's secrets named. */
export function shownArguments(argv: readonly string[], hide: (text: string) => string): readonly string[] {
  return argv.map((argument, index) => {
    const option = argv[index - 1]
    if (option?.startsWith('-') && !option.includes('=') && isSecretName(option)) return '<redacted>'
    return hide(argument)
  })
}
