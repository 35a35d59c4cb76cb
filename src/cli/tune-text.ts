import type { TuneAnswer, TunedPoint, WorkloadAnswer } from '../index.ts'
import { table } from './table.ts'

/** The answer for a person, workload by workload. */
export function tuneText({ folder, workloads, outcome }: TuneAnswer): string {
  const unfinished =
    outcome === null || outcome.outcome === 'complete' ? [] : [`The run is not complete: ${outcome.reason}`]
  return [...workloads.map(workloadText), ...unfinished, `run: ${folder}`].join('\n\n')
}

function workloadText(answer: WorkloadAnswer): string {
  const { best, runnerUp, bottleneck, servingModes } = answer
  if (best === null) return `${answer.workload}: no valid point, so no answer`
  const rows = [
    row('best', best),
    ...(runnerUp === null ? [] : [row('runner-up', runnerUp)]),
    ...servingModes.flatMap(modes => [
      row(`aggregated, ${modes.gpus} GPUs`, modes.aggregated),
      row(`disaggregated, ${modes.gpus} GPUs`, modes.disaggregated),
    ]),
  ]
  return [
    `${answer.workload}: ${headline(answer)}`,
    '',
    table(
      [
        { title: '' },
        { title: 'deployment' },
        { title: 'load' },
        { title: 'GPUs', align: 'right' },
        { title: 'tok/s/GPU', align: 'right' },
        { title: 'SLO' },
      ],
      rows,
    ),
    '',
    ...settings(best),
    ...(best.concurrencyPerGpu === null ? [] : [`concurrency per GPU: ${figure(best.concurrencyPerGpu)}`]),
    ...(runnerUp === null ? [] : [`lead over the runner-up: ${change(runnerUp.lead)}, ${verdicts[runnerUp.verdict]}`]),
    ...servingModes.map(
      modes =>
        `disaggregated against aggregated on ${modes.gpus} GPUs: ${change(modes.gain)}, ${verdicts[modes.verdict]}`,
    ),
    ...(servingModes.length === 0 ? ['aggregated against disaggregated: not measured at an equal GPU count'] : []),
    ...(bottleneck === null
      ? []
      : [
          `held back by: ${bottleneck.stage}`,
          ...bottleneck.evidence.map(line => `  ${line}`),
          `try next: ${bottleneck.next}`,
        ]),
    ...answer.caveats.map(line => `note: ${line}`),
  ].join('\n')
}

const verdicts = {
  shown: 'shown by repeats',
  'not-shown': 'within noise',
  unknown: 'measured once, so noise is not known',
}

function headline({ basis, best }: WorkloadAnswer): string {
  if (basis === 'missed') return `nothing meets the SLO; ${best?.deployment} comes nearest`
  return `${best?.deployment} at ${best?.load}${basis === 'slo' ? ', the most throughput under the SLO' : ', the most throughput (no SLO)'}`
}

function row(title: string, point: TunedPoint): readonly string[] {
  const { mean, ci95 } = point.tokensPerSPerGpu
  const interval = ci95 === null ? '' : ` [${figure(ci95[0])}, ${figure(ci95[1])}]`
  const load = point.load.replace('concurrency ', 'c ')
  return [
    title,
    point.deployment,
    load,
    String(point.gpus),
    `${figure(mean)}${interval}`,
    point.meetsSlo ? 'met' : 'missed',
  ]
}

function settings({ engine, prefillToDecodeGpus }: TunedPoint): string[] {
  const set = Object.entries(engine).flatMap(([role, values]) =>
    Object.entries(values).map(([name, value]) => `${role}.${name}=${JSON.stringify(value)}`),
  )
  return [
    ...(prefillToDecodeGpus === null ? [] : [`GPUs, prefill:decode: ${prefillToDecodeGpus.join(':')}`]),
    ...(set.length === 0 ? [] : [`engine settings: ${set.join(' ')}`]),
  ]
}

const change = (share: number) => `${share >= 0 ? '+' : '−'}${Math.abs(100 * share).toFixed(1)} %`
const figure = (value: number) => (value >= 100 ? String(Math.round(value)) : value.toFixed(1))
