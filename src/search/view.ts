import type { JournalLine } from '../journal/index.ts'
import { settledIn } from '../journal/index.ts'
import type { Cell, Series } from './cells.ts'
import { type Knowledge, knowledgeOf } from './knowledge.ts'
import { type Observation, observe, type Results, resultsById } from './observe.ts'

/** State of a plan's cells according to a journal. */
export interface View {
  /** Whether a cell's first repeat has a final result: valid, failed, or invalid for the second time. */
  isSettled(cell: Cell): boolean
  /** By workload; contains only workloads with a valid point. */
  readonly knowledge: ReadonlyMap<string, Knowledge>
}

/** Measurements of a cell whose first result is invalid while others are valid: the cause may have passed. */
const measurementsOfInvalid = 2

/**
 * Reads journals in terms of a plan's cells. Recomputes a workload's conclusions only if one of its measurements has
 * changed.
 */
export function viewerOf(allSeries: readonly Series[]): (lines: readonly JournalLine[]) => View {
  const cells = allSeries.flat()
  const observed = observer()
  let known: ReadonlyMap<string, Knowledge> = new Map()
  return lines => {
    const results = resultsById(lines)
    const isSettledPoint = settledIn(lines)
    const measured = cells.filter(({ repeats: [first] }) => first !== undefined && isSettledPoint(first))
    const seen = measured.flatMap(cell => (cell.load === null ? [] : (observed(cell, results) ?? [])))
    const getsAnother = ({ repeats: [first] }: Cell) => {
      const own = (first && results.get(first.id)) ?? []
      return seen.length > 0 && own.at(-1)?.status === 'invalid' && own.length < measurementsOfInvalid
    }
    const settled = new Set(measured.filter(cell => !getsAnother(cell)))
    known = new Map(
      [...Map.groupBy(seen, o => o.cell.workload)].map(([workload, own]) => {
        const before = known.get(workload)
        return [workload, before !== undefined && areSame(before.seen, own) ? before : knowledgeOf(own)]
      }),
    )
    return { isSettled: cell => settled.has(cell), knowledge: known }
  }
}

/** Caches observations: the same results give the same object. */
function observer(): (cell: Cell, results: Results) => Observation | null {
  const before = new Map<Cell, { readonly of: readonly unknown[]; readonly observation: Observation | null }>()
  return (cell, results) => {
    const of = cell.repeats.map(({ id }) => results.get(id)?.at(-1))
    const same = before.get(cell)
    if (same !== undefined && areSame(same.of, of)) return same.observation
    const observation = observe(cell, results)
    before.set(cell, { of, observation })
    return observation
  }
}

const areSame = (some: readonly unknown[], others: readonly unknown[]): boolean =>
  some.length === others.length && some.every((one, i) => one === others[i])
