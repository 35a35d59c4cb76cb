import type { JournalLine } from '../journal/index.ts'
import { settledIn } from '../journal/index.ts'
import type { Cell, Series } from './cells.ts'
import { type Knowledge, knowledgeOf } from './knowledge.ts'
import { observe, resultsById } from './observe.ts'

/** What a journal says of a plan's cells. */
export interface View {
  /** Whether a cell's first repeat has its result: a valid or failed one, or its second invalid one. */
  isSettled(cell: Cell): boolean
  /** By workload; a workload without a valid point has none. */
  readonly knowledge: ReadonlyMap<string, Knowledge>
}

/**
 * How often a cell is measured whose first result is invalid, where others are valid: what made it so may have passed.
 */
const measurementsOfInvalid = 2

/** Looks at a journal through a plan's cells. */
export function viewOf(allSeries: readonly Series[], lines: readonly JournalLine[]): View {
  const results = resultsById(lines)
  const isSettledPoint = settledIn(lines)
  const cells = allSeries.flat()
  const measured = cells.filter(({ repeats: [first] }) => first !== undefined && isSettledPoint(first))
  const seen = measured.flatMap(cell => (cell.load === null ? [] : (observe(cell, results) ?? [])))
  const getsAnother = ({ repeats: [first] }: Cell) => {
    const own = (first && results.get(first.id)) ?? []
    return seen.length > 0 && own.at(-1)?.status === 'invalid' && own.length < measurementsOfInvalid
  }
  const settled = new Set(measured.filter(cell => !getsAnother(cell)))
  const levels = [...new Set(cells.flatMap(({ load }) => load ?? []))].sort((a, b) => a - b)
  return {
    isSettled: cell => settled.has(cell),
    knowledge: new Map(
      [...Map.groupBy(seen, o => o.cell.workload)].map(([key, own]) => [key, knowledgeOf(own, levels)]),
    ),
  }
}
