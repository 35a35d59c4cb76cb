import type { Run } from '../../../src/journal/run.ts'
import type { EngineSettings, Role } from '../../../src/model/index.ts'
import { contentId } from '../../../src/model/index.ts'
import type { Profile } from '../../../src/simulator/profile.ts'
import { simulate } from '../../../src/simulator/simulate.ts'
import { runOf, type SyntheticOptions, syntheticRun } from '../../render/synthetic-run.ts'

/** A run whose every point was simulated in virtual time: its truth can be asked for more. */
export function virtualRun(
  profile: Profile,
  options: SyntheticOptions & { readonly engine?: { readonly [role in Role]?: EngineSettings } },
): Run {
  const { engine = {}, ...shape } = options
  const results = syntheticRun(shape).results.map(result => {
    const { id: _, ...content } = { ...result.point.deployment, engine }
    const deployment = { id: contentId(content), ...content }
    const point = { ...result.point, deployment }
    const measurement = simulate(
      {
        deployment,
        workload: point.workload,
        level: point.load.level,
        requests: point.load.requests ?? 100,
        warmup: point.load.warmup,
        seed: point.load.seed,
        slo: point.slo,
      },
      profile,
    )
    return { ...result, point, measurement }
  })
  return runOf(results)
}
