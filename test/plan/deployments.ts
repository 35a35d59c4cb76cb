import fc from 'fast-check'
import { type Deployment, type EngineSettings, rolesOf, type Topology, topologyLabel } from '../../src/model/index.ts'

/** A deployment with settings of its own where a role is named. */
export function deployment(topology: Topology, engine: Deployment['engine'] = {}): Deployment {
  return {
    id: `${topologyLabel(topology)} ${JSON.stringify(engine)}`,
    topology,
    model: { name: 'm', tokenizer: 'builtin:deepseek-v3' },
    engine,
    gpusPerWorker: { prefill: 4, decode: 4, aggregated: 4 },
  }
}

export const disaggregated = (prefill: number, decode: number, engine: Deployment['engine'] = {}) =>
  deployment({ kind: 'disaggregated', prefill, decode }, engine)
export const aggregated = (workers: number, engine: Deployment['engine'] = {}) =>
  deployment({ kind: 'aggregated', workers }, engine)

const topology: fc.Arbitrary<Topology> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('aggregated' as const), workers: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('disaggregated' as const),
      prefill: fc.integer({ min: 1, max: 4 }),
      decode: fc.integer({ min: 1, max: 4 }),
    }),
  },
)
const settings: fc.Arbitrary<EngineSettings> = fc.constantFrom({}, { enable_attention_dp: true })

/** Any deployments that a sweep could visit, no two alike. */
export const someDeployments = (maxLength: number): fc.Arbitrary<Deployment[]> =>
  fc.uniqueArray(
    fc
      .tuple(topology, settings, settings)
      .map(([shape, first, second]) =>
        deployment(
          shape,
          Object.fromEntries(rolesOf(shape).map((role, index) => [role, index === 0 ? first : second])),
        ),
      ),
    { minLength: 1, maxLength, size: 'max', selector: item => item.id },
  )

/** Every order of a list. */
export function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length <= 1) yield items
  for (const [index, item] of items.entries()) {
    if (items.length <= 1) return
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest]
  }
}
