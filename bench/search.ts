/**
 * How much of the grid's frontier a search finds with how few points: grid, random and adaptive on the simulated engine
 * in virtual time, with the plan, the points and the choices that `fulcrum run` would have.
 *
 *   node bench/search.ts          prints the tables of docs/bench/search.md
 *   node bench/search.ts training prints those of one set: training, or held out from 2001, 3001, 4001, 5001 or 6001 on
 *   node bench/search.ts 6001 --keep DIR keeps each simulated sweep in DIR, or reads it from there
 *   node bench/search.ts 6001 --judge measured judges by the measurements without noise, a tenth of the time
 *   node bench/search.ts beaten [FIRST COUNT] prints what it saves to stop points that are surely beaten
 *
 * The search's thresholds were tuned on the other sets; the last was looked at twice, and none was set by it.
 * Whoever tunes them again draws a new one.
 */
import { parseArgs } from 'node:util'
import { printEndedEarly } from './search/beaten.ts'
import { namedCases, type SearchCase } from './search/cases.ts'
import { type Compared, compareSearches } from './search/compare.ts'
import { drawnCases } from './search/drawn.ts'
import { keptMeasurer } from './search/kept.ts'
import { type Measurer, virtualMeasurer, virtualTruth } from './search/measure.ts'
import { tables } from './search/tables.ts'

const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)
const sets = {
  training: async () => [...(await namedCases()), ...(await drawnCases([...from(1, 24), ...from(1001, 32)]))],
  '2001': () => drawnCases(from(2001, 32)),
  '3001': () => drawnCases(from(3001, 32)),
  '4001': () => drawnCases(from(4001, 32)),
  '5001': () => drawnCases(from(5001, 32)),
  '6001': () => drawnCases(from(6001, 32)),
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { keep: { type: 'string' }, judge: { type: 'string', default: 'steady' } },
})
const [wanted, first = '2001', count = '32'] = positionals

function compare(searchCase: SearchCase): Compared {
  const { keep, judge } = values
  const kept = (what: string, measurer: Measurer) =>
    keep === undefined ? measurer : keptMeasurer(searchCase, what, measurer, keep)
  const quiet = kept('quiet', virtualMeasurer(searchCase.profile))
  const truth = judge === 'measured' ? quiet : kept('truth', virtualTruth(searchCase.profile))
  return compareSearches(searchCase, truth, quiet)
}

if (wanted === 'beaten') printEndedEarly(await drawnCases(from(Number(first), Number(count))))
for (const [name, casesOf] of Object.entries(sets)) {
  if (wanted !== undefined && wanted !== name) continue
  console.log(`## ${name}\n\n${tables((await casesOf()).map(compare))}\n`)
}
