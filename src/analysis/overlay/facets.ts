import type { Measurement } from '../../metrics/measurement.ts'
import { topologyLabel } from '../../model/index.ts'
import type { MeasuredPoint } from '../measured-point.ts'

/** Property of points that readers can filter by. Add a new one to {@link facets}. */
export interface Facet {
  readonly name: string
  readonly title: string
  /** Empty if unknown for the run. */
  readonly of: (point: MeasuredPoint, about: AboutRun) => string
}

/** Facts of a run that apply to all its points. */
export interface AboutRun {
  /** `dynamo, backend dynamo.vllm` */
  readonly deployedWith: string
}

/** In page order. Workloads come first separately, because they decide what can be compared. */
export const facets: readonly Facet[] = [
  { name: 'topology', title: 'Topology', of: ({ deployment }) => topologyLabel(deployment.topology) },
  { name: 'variant', title: 'Variant', of: ({ deployment }) => deployment.variant ?? '' },
  { name: 'gpu', title: 'GPU type', of: gpuTypeOf },
  { name: 'model', title: 'Model', of: ({ deployment }) => deployment.model.name },
  { name: 'deployer', title: 'Deployed with', of: (_, { deployedWith }) => deployedWith },
]

/** Telemetry of the deployment's GPUs; absent in runs without telemetry. */
type Observed = Measurement & {
  readonly gpus?: { readonly gpus: readonly { readonly model: string | null }[] }
}

/** GPU models of the deployment, from telemetry or from the results; empty if neither has them. */
function gpuTypeOf({ repeats }: MeasuredPoint): string {
  const models = repeats.flatMap(({ measurement }) => {
    const observed: Observed | null = measurement
    return [...(observed?.gpus?.gpus.flatMap(({ model }) => model ?? []) ?? []), ...(observed?.gpuModels ?? [])]
  })
  return [...new Set(models)].sort().join(', ')
}
