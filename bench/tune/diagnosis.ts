import { analyse } from '../../src/analysis/analyse.ts'
import { loadValue } from '../../src/analysis/load-label.ts'
import { type BottleneckFinding, bottleneckAt } from '../../src/analysis/tune/bottleneck.ts'
import { referenceOf } from '../../src/analysis/tune/tune.ts'
import { readRun } from '../../src/journal/index.ts'

/** What is said of the heaviest load of a run, as `fulcrum tune` says it of the recommended one. */
export async function diagnosisOf(run: string): Promise<BottleneckFinding> {
  const { points } = analyse(await readRun(run))
  // Beside a disaggregated deployment an aggregated one is there for reference only.
  const looked = points.filter(point => point.deployment.topology.kind === 'disaggregated')
  const heaviest = (looked.length > 0 ? looked : points)
    .filter(point => point.status === 'ok')
    .toSorted((a, b) => (loadValue(b.load.level) ?? 0) - (loadValue(a.load.level) ?? 0))[0]
  if (heaviest === undefined) throw new Error(`${run}: no valid point`)
  return bottleneckAt(heaviest, referenceOf(heaviest, points))
}
