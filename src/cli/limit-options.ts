import type { Command } from 'commander'
import { repeated } from './options.ts'
import { wholeNumber } from './whole-number.ts'

/** Gate options of a command that runs or reads one sweep. */
export interface LimitOptions {
  readonly failOn?: readonly string[]
  readonly allowLost: number
}

/** Adds `--fail-on` and `--allow-lost` to a command with a single run. */
export function addLimitOptions(command: Command): Command {
  return command
    .option(
      '--fail-on <gate>',
      'Exit with code 1 if the gate fails or cannot be tested: "slo" or a limit such as "ttft_p95>2000ms" (repeatable)',
      repeated,
    )
    .option('--allow-lost <n>', 'Test gates even if up to n points have no valid result', wholeNumber({ from: 0 }), 0)
}

/** For the end of `--help`. */
export const limitHelp = `Gates (--fail-on) have two forms:
  slo           Passes if every workload has a point that meets its SLO.
  FIGURE>LIMIT  Passes if no point is beyond the limit (ms, s, tokens/s,
                requests/s; % for error_share).
If a point failed, is invalid or is missing, gates are not tested, and the
reason is printed.`
