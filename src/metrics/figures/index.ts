import { accuracy } from './accuracy.ts'
import { energy } from './energy.ts'
import type { Figure } from './figure.ts'
import { goodput } from './goodput.ts'
import { latencies } from './latencies.ts'
import { promptCache } from './prompt-cache.ts'
import { reasoning } from './reasoning.ts'
import { speculation } from './speculation.ts'
import { embedded, throughput } from './throughput.ts'

export { accuracyName } from './accuracy.ts'
export type { Figure } from './figure.ts'
export { bareName, didYouMean, figureNamed, figuresIn, nearFigures } from './figure.ts'
export { embedded, interactivity, perGpuThroughput } from './throughput.ts'
export type { Unit } from './unit.ts'
export { spellingsOf, units } from './unit.ts'

/** Figures whose column positions in points.csv scripts rely on: between `duration_s` and `on_frontier`. */
export const firstFigures: readonly Figure[] = [...latencies, ...throughput, goodput]

/** Figures whose columns follow those of sessions. */
export const lastFigures: readonly Figure[] = [...reasoning, accuracy]

/** Figures with the last columns. A new figure is one file beside this one and one line at the end of this list. */
export const newFigures: readonly Figure[] = [...speculation, embedded]

/**
 * Registry of figures. Add new ones to the end of {@link newFigures}. They then appear as the last column of points.csv
 * and Parquet, in OpenMetrics, in a point's details on the page, and in `--fail-on`; `shownIn` adds tables, `fulcrum
 * compare` and `fulcrum history`.
 */
export const figures: readonly Figure[] = [...firstFigures, ...promptCache, ...energy, ...lastFigures, ...newFigures]
