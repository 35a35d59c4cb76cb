/**
 * How much of the grid's frontier a search finds with how few points: grid, random and adaptive on the simulated engine in virtual
 * time, with the plan, the points and the choices that `fulcrum run` would have.
 *
 *   node bench/search.ts          prints the tables of docs/bench/search.md
 */
import { searchCases } from './search/cases.ts'
import { compareSearches } from './search/compare.ts'
import { tables } from './search/tables.ts'

const compared = []
for (const { name, plan } of await searchCases()) compared.push(await compareSearches(name, plan))
console.log(tables(compared))
