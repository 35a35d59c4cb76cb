/** Output of a short program. */
export interface EndedProgram {
  readonly ok: boolean
  readonly out: string
  /** Its error output, or why it could not run. */
  readonly complaint: string
}

/** Runs a short program until it ends. Failures are returned, not thrown. */
export async function runToEnd(argv: readonly [string, ...string[]], signal: AbortSignal): Promise<EndedProgram> {
  const [program, ...args] = argv
  const { execa } = await import('execa')
  const result = await execa(program, args, { stdin: 'ignore', reject: false, cancelSignal: signal })
  const complaint = result.stderr?.trim() || result.originalMessage || ''
  return { ok: !result.failed, out: result.stdout ?? '', complaint }
}
