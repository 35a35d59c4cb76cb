import type { EngineSettings } from '../../src/model/index.ts'
import { aggregated, deployment, disaggregated } from '../../test/systems/dynamo-deployment.ts'
import type { Step } from './case.ts'

/**
 * The changes that sweeps make, one of each kind: a start from nothing, a worker more, another setting of one role,
 * another kind of topology, of which nothing can be kept.
 * @param setting an engine setting that the backend knows
 */
export function walkThrough(setting: EngineSettings): readonly Step[] {
  const [name, value] = Object.entries(setting)[0] ?? []
  return [
    { change: 'nothing → 1P1D', wanted: deployment(disaggregated(1, 1)) },
    { change: '1P1D → 2P1D', wanted: deployment(disaggregated(2, 1)) },
    { change: `2P1D, decode ${name} ${value}`, wanted: deployment(disaggregated(2, 1), { decode: setting }) },
    { change: '2P1D → agg x2', wanted: deployment(aggregated(2)) },
  ]
}
