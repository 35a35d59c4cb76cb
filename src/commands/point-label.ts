import { loadLabel } from '../analysis/load-label.ts'
import { deploymentLabel, type Point } from '../model/index.ts'

/** A point in one line: `2P1D, 8000/256, concurrency 16 (repeat 2)`. */
export function pointLabel(point: Point): string {
  const repeat = point.repeat > 1 ? ` (repeat ${point.repeat})` : ''
  return `${deploymentLabel(point.deployment)}, ${point.workload.name}, ${loadLabel(point.load.level)}${repeat}`
}
