import { type AbsoluteGate, isAbsolute, parseGate } from '../analysis/gates/gate.ts'
import { limitOutcome, type WorkloadOutcome } from '../analysis/gates/limit.ts'
import { isStopped, type Outcome } from '../analysis/gates/outcome.ts'
import type { Run } from '../journal/index.ts'
import { exitCodes, FulcrumError, type Slo } from '../model/index.ts'

/** What `--fail-on` and `--allow-lost` of a command ask of one run. */
export interface AskedLimits {
  /** `slo`, `ttft_p95>2000ms` */
  readonly failOn?: readonly string[]
  /** Points without a valid result that are accepted; 0 unless told. */
  readonly allowLost?: number
}

/** A limit and what came of it. */
export interface ReportedLimit {
  /** As it was written. */
  readonly limit: string
  /** Whether it was asked for as a gate, and so decides the exit code; a sweep's SLO is told in any case. */
  readonly isGate: boolean
  readonly outcome: Outcome
  readonly reason: string
  readonly workloads: readonly WorkloadOutcome[]
}

/**
 * Reads the limits of a command that has one run to hold against them.
 * @throws FulcrumError (bad-input) for a text that is none, or a change in %
 */
export const parseLimits = ({ failOn = [] }: AskedLimits): readonly AbsoluteGate[] =>
  failOn.map(text => parseGate(text, null)).filter(isAbsolute)

/** @throws FulcrumError (bad-input) for a gate on an SLO that the sweep doesn't have */
export function refuseSloWithout(slo: Slo, limits: readonly AbsoluteGate[]): void {
  if (Object.keys(slo).length > 0 || limits.every(({ kind }) => kind !== 'slo')) return
  throw new FulcrumError('bad-input', 'no-slo', '--fail-on slo: the sweep file has no slo.', {
    remedy:
      'Write one, such as slo: { ttft_p95_ms: 2000, itl_p95_ms: 25 }, or name a limit: --fail-on "ttft_p95>2000ms".',
  })
}

/** Holds a run against the limits that were asked for, and its SLO besides. */
export function reportedLimits(run: Run, limits: readonly AbsoluteGate[], allowLost = 0): readonly ReportedLimit[] {
  const hasSlo = run.results.some(({ point }) => Object.keys(point.slo).length > 0)
  const besides: readonly AbsoluteGate[] =
    hasSlo && limits.every(({ kind }) => kind !== 'slo') ? [{ kind: 'slo', text: 'slo' }] : []
  const held = (gate: AbsoluteGate, isGate: boolean): ReportedLimit => {
    const { outcome, reason, workloads } = limitOutcome(gate, run, {
      allowance: { lost: allowLost },
      runName: 'the run',
    })
    return { limit: gate.text, isGate, outcome, reason, workloads }
  }
  return [...besides.map(gate => held(gate, false)), ...limits.map(gate => held(gate, true))]
}

/** 1 where all else is well and a gate is not passed. */
export function exitCodeWith(limits: readonly ReportedLimit[], exitCode: number): number {
  return exitCode === exitCodes.ok && isStopped(limits.filter(({ isGate }) => isGate))
    ? exitCodes.pointsFailed
    : exitCode
}
