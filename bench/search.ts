/**
 * How much of the grid's frontier a search finds with how few points: grid, random and adaptive on the simulated engine
 * in virtual time, with the plan, the points and the choices that `fulcrum run` would have.
 *
 *   node bench/search.ts          prints the tables of docs/bench/search.md
 *   node bench/search.ts training prints those of one set: training, held-out, drawn-anew or drawn-last
 *   node bench/search.ts beaten [FIRST COUNT] prints what it saves to stop points that are surely beaten
 *
 * The search's thresholds were tuned on the other sets; drawn-last was looked at once, after the last of them was set.
 * Whoever tunes them again draws a new one.
 */
import { printEndedEarly } from './search/beaten.ts'
import { namedCases } from './search/cases.ts'
import { type Compared, compareSearches } from './search/compare.ts'
import { drawnCases } from './search/drawn.ts'
import { tables } from './search/tables.ts'

const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)
const sets = {
  training: async () => [...(await namedCases()), ...(await drawnCases([...from(1, 24), ...from(1001, 32)]))],
  'held-out': () => drawnCases(from(2001, 32)),
  'drawn-anew': () => drawnCases(from(3001, 32)),
  'drawn-last': () => drawnCases(from(4001, 32)),
}

const [wanted, first = '2001', count = '32'] = process.argv.slice(2)
if (wanted === 'beaten') printEndedEarly(await drawnCases(from(Number(first), Number(count))))
for (const [name, casesOf] of Object.entries(sets)) {
  if (wanted !== undefined && wanted !== name) continue
  const compared: Compared[] = []
  for (const searchCase of await casesOf()) compared.push(compareSearches(searchCase))
  console.log(`## ${name}\n\n${tables(compared)}\n`)
}
