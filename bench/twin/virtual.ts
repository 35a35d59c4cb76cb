import { join } from 'node:path'
import { measuredPoints } from '../../src/analysis/measured-point.ts'
import { figureErrors, type PointErrors } from '../../src/analysis/twin/errors.ts'
import { loadOf } from '../../src/analysis/twin/fit-point.ts'
import { blankProfile, fitPlan, planFits } from '../../src/analysis/twin/index.ts'
import { fittedProfile, neutralParameters, type TwinParameters } from '../../src/analysis/twin/parameters.ts'
import type { PointResult } from '../../src/journal/index.ts'
import type { Run } from '../../src/journal/run.ts'
import { createRandom } from '../../src/model/index.ts'
import { planSweep } from '../../src/plan/plan.ts'
import { loadProfile, type Profile } from '../../src/simulator/profile.ts'
import { simulate } from '../../src/simulator/simulate.ts'
import { loadSweep } from '../../src/spec/load-sweep.ts'
import { disk } from '../../src/yaml/files.ts'
import { strayed } from '../search/measure.ts'

/** Deployments whose truth is known: one much as the mocker was fitted, one of other speeds, one slow around the GPUs. */
const truths: { readonly [name: string]: Partial<TwinParameters> } = {
  mocker: { frontendFixedMs: 3.3, frontendPer1000TokensMs: 0.74, frontendJitterMs: 1.9, firstChunkMs: 46 },
  'other speeds': {
    prefillScale: 1.6,
    decodeScale: 0.7,
    decodePerSequenceMs: 0.05,
    frontendFixedMs: 6,
    frontendJitterMs: 2,
  },
  'slow frontend': { frontendFixedMs: 40, frontendPer1000TokensMs: 6, frontendJitterMs: 8, transferLatencyMs: 12 },
}

/** Standard deviation of each figure's logarithm from the truth. */
const noise = 0.01

/** As {@link pointsOf}, of one of the deployments by name. */
export const virtualPoints = (name: string, profile: Profile) =>
  pointsOf(name, { ...neutralParameters, ...truths[name] }, profile)

/** The points of bench/twin/mocker.yaml as a run would measure them of a deployment under these parameters. */
async function pointsOf(name: string, truth: TwinParameters, profile: Profile) {
  const files = { ...disk, kind: (path: string) => (path.includes('/.systems/') ? ('file' as const) : disk.kind(path)) }
  const plan = planSweep(await loadSweep(join(import.meta.dirname, 'mocker.yaml'), { files }))
  const using = fittedProfile(profile, truth)
  const results = plan.deployments.flatMap(({ points }) =>
    points.map((point): PointResult => {
      const { topology } = point.deployment
      const { workload, load } = point
      const exact = simulate({ deployment: { topology, engine: {} }, workload, ...loadOf(load), seed: 99 }, using)
      const random = createRandom(`${name}/${point.id}`)
      const stray = () => Math.exp(noise * random.normal())
      return { point, status: 'ok', reason: '', findings: [], measurement: strayed(exact, stray(), stray(), stray()) }
    }),
  )
  return measuredPoints({ results } as unknown as Run)
}

const targets = ['ttft_p50_ms', 'itl_p50_ms', 'output_tokens_per_s'] as const

const percent = (share: number | undefined) => (share === undefined ? '–' : `${(100 * share).toFixed(1)} %`)

function told(errors: readonly PointErrors[]): string {
  const summed = figureErrors(errors)
  return targets.map(figure => `${percent(summed[figure]?.median)} / ${percent(summed[figure]?.p90)}`).join(' | ')
}

/** Fits to deployments in virtual time, with all fits of a twin one after another on one core. */
export async function virtual(): Promise<void> {
  const shipped = await loadProfile('deepseek-r1-fp4-gb200')
  const columns = ['TTFT p50', 'ITL p50', 'tokens/s']
  console.log('relative error on topologies left out, median / 90th percentile; CPU time of all fits on one core\n')
  console.log(`| deployment | fitted from | points | ${columns.join(' | ')} | CPU, s | s a point |`)
  console.log(`|---|---|---|${columns.map(() => '---|').join('')}---|---|`)
  for (const [name, differing] of Object.entries(truths)) {
    const points = await pointsOf(name, { ...neutralParameters, ...differing }, shipped)
    for (const profile of [shipped, blankProfile(shipped.model)]) {
      const fromCpu = process.cpuUsage()
      const results = fitPlan(planFits(points, { profile }))
      const { user, system } = process.cpuUsage(fromCpu)
      const cpuS = (user + system) / 1e6
      const from = profile === shipped ? "the profile's tables" : 'no tables'
      const errors = told(results.topologies.flatMap(result => result.heldOutErrors))
      console.log(
        `| ${name} | ${from} | ${points.length} | ${errors} | ${cpuS.toFixed(1)} | ${(cpuS / points.length).toFixed(2)} |`,
      )
    }
  }
}
