import type { AbsoluteGate } from '../../analysis/gates/gate.ts'
import { limitOutcome, type WorkloadOutcome } from '../../analysis/gates/limit.ts'
import type { Outcome } from '../../analysis/gates/outcome.ts'
import type { Run } from '../../journal/index.ts'

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
