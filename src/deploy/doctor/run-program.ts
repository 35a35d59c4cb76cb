import { execa } from 'execa'

/** What a short program said. */
export interface Said {
  readonly ok: boolean
  readonly out: string
  /** Last line of its error output, or why it could not run. */
  readonly complaint: string
}

const limitMs = 60_000

/** Runs a program to its end, at most a minute. */
export async function runShort(
  program: string,
  args: readonly string[],
  env: { readonly [name: string]: string } = {},
): Promise<Said> {
  const result = await execa(program, args, { env, reject: false, timeout: limitMs, stdin: 'ignore' })
  const errors = result.stderr.trim().split('\n')
  const complaint = result.timedOut
    ? `no answer within ${limitMs / 1000} s`
    : errors.at(-1) || result.originalMessage || `exit code ${result.exitCode}`
  return { ok: !result.failed, out: result.stdout.trim(), complaint }
}
