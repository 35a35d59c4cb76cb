export { endLeftovers, findLeftovers, type Leftover } from '../deployers/leftovers.ts'
