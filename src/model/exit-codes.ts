import type { FaultKind } from './error.ts'

/** An exit code of the command line. */
export interface ExitCode {
  readonly code: number
  /** Name of the code in the sources. */
  readonly name: string
  /** Meaning for a script, as a clause without a period. */
  readonly meaning: string
  /** When it occurs, in sentences. */
  readonly examples: string
  /** Errors of this kind end a command with this code. */
  readonly fault?: FaultKind
}

/** All exit codes. Add a new one here; `--help` and docs/reference/exit-codes.md list it. */
export const exitCodeList = [
  {
    code: 0,
    name: 'ok',
    meaning: 'success',
    examples: 'All points are valid. Every gate passed. `fulcrum serve` was stopped with Ctrl-C.',
  },
  {
    code: 1,
    name: 'pointsFailed',
    meaning: 'points failed or are invalid, or a gate failed or was not tested',
    examples:
      'A worker died. `--fail-on slo` found no point that meets the SLO. `capacity` found nothing that serves the traffic. `crosscheck` could not test a generator.',
    fault: 'failed',
  },
  {
    code: 2,
    name: 'badInput',
    meaning: 'bad input',
    examples:
      'A mistake in the sweep file, an unknown option, a run that does not exist. `resume` refuses a run whose files changed.',
    fault: 'bad-input',
  },
  {
    code: 3,
    name: 'environment',
    meaning: 'the environment is not ready or broke',
    examples: 'A program is missing, the disk is full, a port is taken, machines were lost, `doctor` found a failure.',
    fault: 'environment',
  },
  {
    code: 130,
    name: 'interrupted',
    meaning: 'interrupted',
    examples: 'Ctrl-C or SIGTERM during a run. The run can be resumed.',
  },
] as const satisfies readonly ExitCode[]

type Listed = (typeof exitCodeList)[number]

/**
 * Exit codes of all commands by name, for scripts that call `fulcrum`.
 *
 * @example
 * ```ts
 * import { exitCodes } from 'fulcrum'
 *
 * process.exitCode = exitCodes.ok
 * ```
 */
export const exitCodes = Object.fromEntries(exitCodeList.map(({ name, code }) => [name, code])) as {
  readonly [Entry in Listed as Entry['name']]: Entry['code']
}

/** Exit code of a command that ends with an error of this kind; 3 for a kind without an entry. */
export function exitCodeOf(kind: FaultKind, list: readonly ExitCode[] = exitCodeList): number {
  return list.find(({ fault }) => fault === kind)?.code ?? exitCodes.environment
}
