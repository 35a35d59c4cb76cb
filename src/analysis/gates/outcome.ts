import type { FigureChange } from '../compare/figure-change.ts'
import type { Gate } from './gate.ts'

/** What came of a gate. What could not be tested has not passed. */
export type Outcome = 'passed' | 'failed' | 'not tested'

/** What came of a gate at one point, or for one workload; `skipped` where it asks nothing. */
export interface GateCase {
  readonly name: string
  readonly outcome: Outcome | 'skipped'
  /** Why, with figures; may be empty where it passed. */
  readonly message: string
  /** What was compared; absent for a limit, and where a run has no result. */
  readonly change?: FigureChange
}

/** A gate and what came of it. */
export interface GateOutcome {
  readonly gate: Gate
  readonly outcome: Outcome
  /** What it rests on, in words, without the outcome: `HEAD failed at 24 of 24 points that BASE measured`. */
  readonly reason: string
  readonly cases: readonly GateCase[]
}

/** A gate fails by one case that fails; it passes when some case passed and none was left untested. */
export function outcomeOf(cases: readonly GateCase[]): Outcome {
  if (cases.some(({ outcome }) => outcome === 'failed')) return 'failed'
  if (cases.some(({ outcome }) => outcome === 'not tested')) return 'not tested'
  return cases.some(({ outcome }) => outcome === 'passed') ? 'passed' : 'not tested'
}

/** Whether a command that was asked for these gates ends with exit code 1. */
export const isStopped = (gates: readonly { readonly outcome: Outcome }[]): boolean =>
  gates.some(({ outcome }) => outcome !== 'passed')

/** `itl_p95>5%: not tested: HEAD failed at 24 of 24 points that BASE measured`. */
export function gateText({ gate, outcome, reason }: Pick<GateOutcome, 'gate' | 'outcome' | 'reason'>): string {
  if (reason === '') return `${gate.text}: ${outcome}`
  return `${gate.text}: ${outcome}${outcome === 'not tested' ? ': ' : ' '}${reason}`
}

/** `3 points`, `1 point`. */
export const pointCount = (count: number): string => `${count} ${count === 1 ? 'point' : 'points'}`
