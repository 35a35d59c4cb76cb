import type { Deployment, Load, Workload } from '../model/index.ts'
import type { JournalLine } from './event.ts'

/** Why a search left a point out. */
export const leftOutReasons = {
  dominated: 'a measured point is at least as good on both axes',
  saturated: 'past the load at which its workers saturate',
  little: 'between points that tell enough: it would add next to nothing',
  repeat: 'a repeat that no recommendation rests on',
} as const

/** A load level of a deployment that a complete search left unmeasured, or some of its repeats. */
export interface LeftOut {
  readonly pointIds: readonly string[]
  readonly workload: Workload
  readonly load: Load
  readonly reason: keyof typeof leftOutReasons
  /** One sentence for a person, with figures. */
  readonly why: string
  /** What it was expected to show: output tokens/s per user and per GPU; null where only repeats were left out. */
  readonly expected: { readonly x: number; readonly y: number } | null
}

/** What a complete search left unmeasured, by deployment; empty for a grid, and while a search runs. */
export function leftOutIn(
  lines: readonly JournalLine[],
): readonly { readonly deployment: Deployment; readonly points: readonly LeftOut[] }[] {
  return lines.flatMap(({ event }) => (event.type === 'left-out' ? [event] : []))
}
