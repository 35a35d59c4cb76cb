import type { Command } from 'commander'
import type { ReportedLimit } from '../../commands/limits.ts'
import { wrapped } from '../../render/terminal/wrapped.ts'
import { wholeNumber } from '../whole-number.ts'

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

const marks = { passed: '✓', failed: '✗', 'not tested': '?' } as const

/** ✓ or ✗ for each limit and each workload; `?` with the reason where it was not tested. */
export function limitsText(limits: readonly ReportedLimit[]): string {
  return limits
    .map(({ limit, isGate, outcome, reason, workloads }) => {
      const told = workloads.map(
        one =>
          `${marks[one.outcome]} ${one.workload}: ${one.outcome === 'not tested' ? 'not tested: ' : ''}${one.said}`,
      )
      const isSaid = workloads.some(one => one.outcome === outcome)
      return [
        `${limit}${isGate ? `: ${outcome}` : ' (no gate; --fail-on slo makes it one)'}`,
        ...told.map(line => wrapped(`  ${line}`)),
        ...(isSaid ? [] : [wrapped(`  ${marks[outcome]} ${outcome}: ${reason}`)]),
      ].join('\n')
    })
    .join('\n')
}
