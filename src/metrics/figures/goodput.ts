import { goodputOf } from '../definitions.ts'
import type { Figure } from './figure.ts'

/** Requests/s that met every objective of the SLO. */
export const goodput: Figure = {
  name: 'goodput',
  title: 'Goodput',
  unit: 'requests/s',
  better: 'higher',
  of: goodputOf,
}
