import type { JournalLine } from '../../journal/index.ts'
import { settledIn } from '../run/missing.ts'
import type { Cell, Series } from './cells.ts'
import { type Knowledge, knowledgeOf } from './knowledge.ts'
import { type Observation, observe, resultsById } from './observe.ts'

/** What a journal says of a plan's cells. */
export interface View {
  /** Whether a cell's first repeat has its result: a valid or failed one, or its second invalid one. */
  isSettled(cell: Cell): boolean
  /** By workload; a workload without a valid point has none. */
  readonly knowledge: ReadonlyMap<string, Knowledge>
}

/** How often a cell is measured whose first result is invalid, where others are valid: what made it so may have passed. */
const measurementsOfInvalid = 2

/** Looks at a journal through a plan's cells. */
export function viewOf(allSeries: readonly Series[], lines: readonly JournalLine[]): View {
  const results = resultsById(lines)
  const times = timesById(lines)
  const isSettledPoint = settledIn(lines)
  const settled = new Set<number>()
  const seen: Observation[] = []
  const toBeRepeated: number[] = []
  for (const cell of allSeries.flat()) {
    const [first] = cell.repeats
    if (first === undefined || !isSettledPoint(first)) continue
    settled.add(cell.index)
    const isInvalid = results.get(first.id)?.status === 'invalid'
    if (isInvalid && (times.get(first.id) ?? 0) < measurementsOfInvalid) toBeRepeated.push(cell.index)
    const observation = cell.load === null ? null : observe(cell, results)
    if (observation !== null) seen.push(observation)
  }
  if (seen.length > 0) for (const index of toBeRepeated) settled.delete(index)
  const levels = [...new Set(allSeries.flat().flatMap(({ load }) => load ?? []))].sort((a, b) => a - b)
  return {
    isSettled: cell => settled.has(cell.index),
    knowledge: new Map(
      [...Map.groupBy(seen, o => o.cell.workload)].map(([key, own]) => [key, knowledgeOf(own, levels)]),
    ),
  }
}

function timesById(lines: readonly JournalLine[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const { event } of lines) {
    if (event.type !== 'point') continue
    const { id } = event.result.point
    times.set(id, (times.get(id) ?? 0) + 1)
  }
  return times
}
