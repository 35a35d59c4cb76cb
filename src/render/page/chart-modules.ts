/** Sources that every page with chart tools includes; see `loadPageModule`. */
export { csvText } from './csv.ts'
export { hashOf, listOf, listText, stateOf } from './link.ts'
export { panned, rangeOf, shareOf, ticksOf, valueAt, zoomed } from './range.ts'
