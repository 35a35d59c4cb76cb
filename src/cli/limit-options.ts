import type { Command } from 'commander'
import { wholeNumber } from './whole-number.ts'

/** What a command that runs or reads one sweep takes for gates. */
export interface LimitOptions {
  readonly failOn: readonly string[]
  readonly allowLost: number
}

/** Adds `--fail-on` and `--allow-lost` to a command that has one run to hold against limits. */
export function addLimitOptions(command: Command): Command {
  return command
    .option(
      '--fail-on <limit>',
      'exit with 1 when a workload misses its slo ("slo"), a point is beyond a limit ("ttft_p95>2000ms"), or that was not tested; can be repeated',
      (limit: string, before: readonly string[]) => [...before, limit],
      [],
    )
    .option(
      '--allow-lost <n>',
      'test the limits even when up to n points have no valid result',
      wholeNumber({ from: 0 }),
      0,
    )
}

/** For the end of `--help`. */
export const limitHelp = `--fail-on slo passes when each workload has a point that meets its SLO; --fail-on "FIGURE>LIMIT" when no point is beyond the limit (ms, s,
tokens/s, requests/s; % for error_share). Neither passes while a point failed, is invalid or is missing: it is then not tested, with the reason.`
