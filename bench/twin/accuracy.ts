import { loadLabel } from '../../src/analysis/load-label.ts'
import { measuredPoints } from '../../src/analysis/measured-point.ts'
import { figureErrors, figuresOf, pointErrors } from '../../src/analysis/twin/errors.ts'
import { simulateFitted } from '../../src/analysis/twin/fit.ts'
import type { FigureErrors, FitResult, FitTask, Twin } from '../../src/analysis/twin/index.ts'
import { assembleTwin, blankProfile, planFits, predictPoint } from '../../src/analysis/twin/index.ts'
import { neutralParameters } from '../../src/analysis/twin/parameters.ts'
import { runFits } from '../../src/commands/twin/fits.ts'
import { type PointResult, readRun } from '../../src/journal/index.ts'
import { topologyLabel } from '../../src/model/index.ts'
import type { Profile } from '../../src/simulator/profile.ts'
import { loadProfile } from '../../src/simulator/profile.ts'

/** The figures with a target, and the target for the median error on topologies that were not fitted. */
const targets = [
  ['ttft_p50_ms', 'TTFT p50', 0.1],
  ['itl_p50_ms', 'ITL p50', 0.1],
  ['output_tokens_per_s', 'tokens/s', 0.05],
] as const

const percent = (share: number | undefined) => (share === undefined ? '–' : `${(100 * share).toFixed(1)} %`)
const both = (errors: FigureErrors, figure: string) =>
  `${percent(errors[figure]?.median)} / ${percent(errors[figure]?.p90)}`

/** Fits to a run, each topology left out in turn; then predicts a second run that no fit has seen. */
export async function accuracy(folder: string, unseenFolder: string | null): Promise<void> {
  const run = await readRun(folder)
  const points = measuredPoints(run)
  // What bench/twin/mocker.yaml runs.
  const dynamo = '1.4.2'
  const shipped: Profile = { ...(await loadProfile('deepseek-r1-fp4-gb200')), dynamo }
  const bases: readonly (readonly [string, Profile])[] = [
    ["the mocker's own tables", shipped],
    ['no tables, the measured points alone', { ...blankProfile(shipped.model), dynamo }],
  ]
  console.log('median / 90th percentile of the relative error on topologies that were not in the fit\n')
  console.log(`| fitted from | ${targets.map(([, title]) => title).join(' | ')} | fits, s |`)
  console.log(`|---|${targets.map(() => '---|').join('')}---|`)
  const plan = planFits(points, { profile: shipped })
  const untouched = figureErrors(
    plan.whole.points.map(point =>
      pointErrors(point, simulateFitted(point.simulated, shipped, neutralParameters, 'round-robin')),
    ),
  )
  console.log(`| nothing: the tables as they are | ${targets.map(([name]) => both(untouched, name)).join(' | ')} | |`)
  const twins: (readonly [string, Twin, readonly FitTask[], readonly FitResult[]])[] = []
  for (const [name, profile] of bases) {
    const startMs = performance.now()
    const tasks = planFits(points, { profile })
    const results = await runFits(tasks, AbortSignal.timeout(3_600_000), () => {})
    const twin = assembleTwin(
      points,
      { profile, run: null, fulcrumVersion: '', fittedAt: new Date().toISOString() },
      results,
    )
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
    const errors = twin.errors.heldOutTopologies
    console.log(`| ${name} | ${targets.map(([figure]) => both(errors, figure)).join(' | ')} | ${seconds} |`)
    twins.push([name, twin, tasks.topologies, results.topologies])
  }
  console.log(`| target, median | ${targets.map(([, , most]) => percent(most)).join(' | ')} | |`)

  for (const [name, twin, tasks, results] of twins) {
    console.log(`\n${name}: by the topology that was left out\n`)
    console.log(`| topology | points | ${targets.map(([, title]) => title).join(' | ')} |`)
    console.log(`|---|---|${targets.map(() => '---|').join('')}`)
    for (const [index, task] of tasks.entries()) {
      const errors = figureErrors(results[index]?.heldOutErrors ?? [])
      const cells = targets.map(([figure]) => both(errors, figure))
      console.log(`| ${task.heldOut[0]?.topology} | ${task.heldOut.length} | ${cells.join(' | ')} |`)
    }
    const parameters = Object.entries(twin.parameters).map(([key, value]) => `${key} ${Number(value.toPrecision(3))}`)
    console.log(`\nparameters of the fit to all points: ${parameters.join(', ')}`)
  }
  if (unseenFolder !== null) await predictUnseen(unseenFolder, twins)
}

/**
 * Measured as it was sent. Few requests of a wide distribution may miss its mean, which the twin's own requests do too.
 */
function isAsItWas({ status, findings, measurement }: PointResult): boolean {
  const invalid = findings.filter(({ severity }) => severity === 'invalid')
  return (
    measurement !== null &&
    (status === 'ok' || invalid.every(({ code }) => code === 'isl-deviation' || code === 'osl-deviation'))
  )
}

async function predictUnseen(
  folder: string,
  twins: readonly (readonly [string, Twin, readonly FitTask[], readonly FitResult[]])[],
): Promise<void> {
  const results = (await readRun(folder)).results.filter(isAsItWas)
  for (const [name, twin] of twins) {
    const errors: { [figure: string]: number }[] = []
    let within = 0
    console.log(`\na run that no fit has seen, by a twin fitted from ${name}\n`)
    console.log('| topology | workload | load | TTFT p50, ms | ITL p50, ms | tokens/s |')
    console.log('|---|---|---|---|---|---|')
    for (const { point, measurement } of results) {
      const { deployment, workload, load } = point
      const { topology, engine } = deployment
      const figures = measurement === null ? {} : figuresOf(measurement, deployment)
      const predicted = predictPoint(twin, { topology, engine, workload, load }).figures
      const cells = targets.map(([figure]) => {
        const measured = figures[figure] ?? Number.NaN
        const { value, low, high } = predicted[figure] ?? { value: Number.NaN, low: 0, high: 0 }
        if (measured >= low && measured <= high) within += 1
        const error = value / measured - 1
        return {
          text: `${value.toFixed(1)} / ${measured.toFixed(1)} (${error >= 0 ? '+' : ''}${percent(error)})`,
          error,
        }
      })
      errors.push(Object.fromEntries(targets.map(([figure], index) => [figure, cells[index]?.error ?? Number.NaN])))
      console.log(
        `| ${topologyLabel(topology)} | ${workload.name} | ${loadLabel(load.level)} | ${cells.map(cell => cell.text).join(' | ')} |`,
      )
    }
    const summed = figureErrors(errors)
    const told = targets.map(([figure, title]) => `${title} ${both(summed, figure)}`).join(', ')
    console.log(
      `\npredicted / measured; median / 90th percentile: ${told}; ${within} of ${errors.length * targets.length} within their bands`,
    )
  }
}
