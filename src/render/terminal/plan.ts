import { basename } from 'node:path'
import { topologyLabel } from '../../model/index.ts'
import { counted, duration } from '../views/format.ts'
import type { PlanView, QualityPlanView } from '../views/plan.ts'
import { datasetText, traceText } from './dataset.ts'
import { table } from './table.ts'
import { wrapped, wrappedInTerminal } from './wrapped.ts'

/** With fewer points, a search measures half of the grid or more: docs/bench/search.md. */
const smallGrid = 60

/**
 * A plan for the terminal: the deployments in order, and the cost of that order.
 * @param isRunning whether the deployment already runs, so that nothing is started
 */
export function planText(plan: PlanView, { isRunning = false } = {}): string {
  const hasVariants = plan.deployments.some(({ deployment }) => deployment.variant !== undefined)
  const settings = plan.deployments.map(({ deployment }) => settingsOf(deployment.engine))
  // Omits settings that all deployments share.
  const shared = (settings[0] ?? []).filter(one => settings.length > 1 && settings.every(all => all.includes(one)))
  const rows = plan.deployments.map(({ deployment, points }, i) => [
    String(i + 1),
    topologyLabel(deployment.topology),
    ...(hasVariants ? [deployment.variant ?? ''] : []),
    (settings[i] ?? []).filter(one => !shared.includes(one)).join(' '),
    String(points.length),
  ])
  const { cost, nestedLoopCost, lowerBound } = plan
  const proof = plan.exact ? 'the fewest possible' : `every order needs at least ${lowerBound}`
  const isSearch = plan.sweep.search === 'adaptive'
  const lines = [
    `${plan.sweep.name}: ${isSearch ? 'a search over at most ' : ''}${counted(plan.pointCount, 'point')} over ${counted(plan.deployments.length, 'deployment')}`,
    '',
    table(
      [
        { title: '#', align: 'right' },
        { title: 'topology' },
        ...(hasVariants ? [{ title: 'variant' }] : []),
        { title: 'engine settings', wraps: true },
        { title: 'points', align: 'right' },
      ],
      rows,
    ),
    ...(shared.length === 0 ? [] : [wrapped(`engine settings of all: ${shared.join(' ')}`)]),
    '',
    ...(isSearch
      ? [
          wrapped(
            'adaptive search: measures the points that can still win; the figures below are those of the whole grid',
          ),
          ...(plan.pointCount < smallGrid ? ['a grid this small leaves a search little to leave out'] : []),
        ]
      : []),
    isRunning
      ? 'worker starts: none, the endpoint is already running'
      : `worker starts: ${cost.workersStarted} (${proof}; nested loops: ${nestedLoopCost.workersStarted})`,
    ...(cost.frontendsRestarted === undefined
      ? []
      : [`frontend restarts: ${cost.frontendsRestarted} (nested loops: ${nestedLoopCost.frontendsRestarted ?? 0})`]),
    plan.estimate === null
      ? 'time: unknown, because this sweep has no earlier runs'
      : wrapped(`time: ${timeText(plan.estimate)} (${plan.estimate.basis})`),
    ...(plan.sweep.quality === undefined ? [] : [wrappedInTerminal(qualityText(plan.sweep.quality))]),
    ...(plan.sweep.datasets ?? []).map(dataset => wrappedInTerminal(datasetText(dataset))),
    ...(plan.sweep.traces ?? []).map(trace => wrappedInTerminal(traceText(trace))),
    ...plan.sweep.warnings.map(warning => wrapped(`warning: ${warning}`)),
  ]
  return lines.join('\n')
}

/** `quality: 60 questions of questions.jsonl, once for each deployment`. */
function qualityText({ at, questions, lmEval }: QualityPlanView): string {
  const asked = [
    questions === null ? '' : `${counted(questions.questions.length, 'question')} of ${basename(questions.file)}`,
    lmEval === null ? '' : `lm-eval ${lmEval.tasks.join(', ')}`,
  ].filter(text => text !== '')
  return `quality: ${asked.join(' and ')}, ${at === 'point' ? 'at each load level' : 'once for each deployment'}`
}

function timeText({ seconds, secondsAtLeast }: NonNullable<PlanView['estimate']>): string {
  return secondsAtLeast === undefined
    ? `about ${duration(seconds)}`
    : `about ${duration(secondsAtLeast)} to ${duration(seconds)}`
}

/** `decode.max_batch_size=128`, of every role in order. */
function settingsOf(engine: PlanView['deployments'][number]['deployment']['engine']): readonly string[] {
  return Object.entries(engine).flatMap(([role, settings]) =>
    Object.entries(settings ?? {}).map(([key, value]) => `${role}.${key}=${JSON.stringify(value)}`),
  )
}
