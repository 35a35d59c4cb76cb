import { type ExecFileException, execFile } from 'node:child_process'

/** Result of a short program. */
export interface ProgramOutput {
  readonly ok: boolean
  /** Whether the program does not exist. */
  readonly absent: boolean
  readonly out: string
  /** Last line of its error output, otherwise of its output; or the reason why it could not run. */
  readonly complaint: string
}

/** Limit of {@link runShort} unless its caller sets another, ms. */
export const programLimitMs = 60_000
const mostOutputBytes = 100_000_000

/**
 * Runs a program on this machine to its end, for at most a minute by default. Failing is a result too.
 * @param program its path, or its name on PATH
 */
export async function runShort(
  program: string,
  args: readonly string[],
  env: { readonly [name: string]: string } = {},
  limitMs = programLimitMs,
): Promise<ProgramOutput> {
  const { error, out, errors } = await runToEnd(program, args, { env: { ...process.env, ...env }, limitMs })
  const lastLine = (text: string) => text.trim().split('\n').at(-1)
  // The code is a number if the program ran, and the system's error code if it did not.
  const refused = typeof error?.code === 'string' ? error.message : undefined
  const complaint = error?.killed
    ? `no answer within ${limitMs / 1000} s`
    : lastLine(errors) || refused || lastLine(out) || `exit code ${error?.code ?? 0}`
  return { ok: error === null, absent: error?.code === 'ENOENT', out: out.trim(), complaint }
}

interface Ended {
  readonly error: ExecFileException | null
  readonly out: string
  readonly errors: string
}

/** Like execFile, but never rejects. Not execa, which takes 0.05 s of CPU to load. */
function runToEnd(
  program: string,
  args: readonly string[],
  { env, limitMs }: { readonly env: NodeJS.ProcessEnv; readonly limitMs: number },
): Promise<Ended> {
  const options = { env, timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: mostOutputBytes } as const
  return new Promise(resolve => {
    const child = execFile(program, args, options, (error, out, errors) => resolve({ error, out, errors }))
    child.stdin?.end()
  })
}
