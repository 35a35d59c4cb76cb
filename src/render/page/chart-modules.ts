/** What the script of every page with tools for charts takes from the sources; see `loadPageModule`. */
export { csvText } from './csv.ts'
export { hashOf, listOf, listText, stateOf } from './link.ts'
export { panned, rangeOf, shareOf, ticksOf, valueAt, zoomed } from './range.ts'
