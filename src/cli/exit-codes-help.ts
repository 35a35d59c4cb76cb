import { type ExitCode, exitCodeList } from '../model/exit-codes.ts'

/** The exit codes for the end of `--help`, one per line. */
export function exitCodesHelp(list: readonly ExitCode[] = exitCodeList): string {
  return ['Exit codes:', ...list.map(({ code, meaning }) => `  ${String(code).padEnd(3)}  ${meaning}`)].join('\n')
}
