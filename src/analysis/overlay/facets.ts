import type { Measurement } from '../../metrics/measurement.ts'
import { topologyLabel } from '../../model/index.ts'
import type { MeasuredPoint } from '../measured-point.ts'

/** Something that points differ in and that a reader chooses by. A new one is an entry of {@link facets}. */
export interface Facet {
  readonly name: string
  readonly title: string
  /** Empty where the run doesn't say. */
  readonly of: (point: MeasuredPoint, about: AboutRun) => string
}

/** What a run says of all its points. */
export interface AboutRun {
  /** `dynamo, backend dynamo.vllm` */
  readonly deployedWith: string
}

/** In the order of the page; workloads come first by themselves, since they decide what can be compared. */
export const facets: readonly Facet[] = [
  { name: 'topology', title: 'Topology', of: ({ deployment }) => topologyLabel(deployment.topology) },
  { name: 'variant', title: 'Variant', of: ({ deployment }) => deployment.variant ?? '' },
  { name: 'gpu', title: 'GPU type', of: gpuTypeOf },
  { name: 'model', title: 'Model', of: ({ deployment }) => deployment.model.name },
  { name: 'deployer', title: 'Deployed with', of: (_, { deployedWith }) => deployedWith },
]

/** What telemetry tells of the deployment's GPUs; runs without it have none. */
type Observed = Measurement & {
  readonly gpus?: { readonly gpus: readonly { readonly model: string | null }[] }
}

/** Models of the deployment's GPUs, by telemetry or as the results name them; empty where neither does. */
function gpuTypeOf({ repeats }: MeasuredPoint): string {
  const models = repeats.flatMap(({ measurement }) => {
    const observed: Observed | null = measurement
    return [...(observed?.gpus?.gpus.flatMap(({ model }) => model ?? []) ?? []), ...(observed?.gpuModels ?? [])]
  })
  return [...new Set(models)].sort().join(', ')
}
