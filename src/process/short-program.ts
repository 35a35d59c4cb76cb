import { execa } from 'execa'

/** What a short program said. */
export interface Said {
  readonly ok: boolean
  /** There is no such program. */
  readonly absent: boolean
  readonly out: string
  /** Last line of its error output, else of its output, or why it could not run. */
  readonly complaint: string
}

export const programLimitMs = 60_000

/**
 * Runs a program on this machine to its end, at most a minute unless told otherwise; a failure is an answer too.
 * @param program its path, or its name on PATH
 */
export async function runShort(
  program: string,
  args: readonly string[],
  env: { readonly [name: string]: string } = {},
  limitMs = programLimitMs,
): Promise<Said> {
  const result = await execa(program, args, { env, reject: false, timeout: limitMs, stdin: 'ignore' })
  const lastLine = (text: string) => text.trim().split('\n').at(-1)
  const complaint = result.timedOut
    ? `no answer within ${limitMs / 1000} s`
    : lastLine(result.stderr) || result.originalMessage || lastLine(result.stdout) || `exit code ${result.exitCode}`
  return { ok: !result.failed, absent: result.code === 'ENOENT', out: result.stdout.trim(), complaint }
}
