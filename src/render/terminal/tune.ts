import { shortened } from '../../analysis/load-label.ts'
import { counted } from '../views/format.ts'
import { variantsOverWorkloads } from '../views/recommendation-words.ts'
import type { Believed, MixedPoint, MixView, RatesView, TunedPoint, TuneView, WorkloadView } from '../views/tune.ts'
import { limitsText } from './limits.ts'
import { table } from './table.ts'
import { wrapped } from './wrapped.ts'

/** The recommendation of each workload, for the terminal. */
export function tuneText({ folder, mix, workloads, believed, limits, outcome }: TuneView): string {
  const unfinished =
    outcome === null || outcome.outcome === 'complete' ? [] : [`The run is not complete: ${outcome.reason}`]
  const overall = variantsOverWorkloads(workloads.map(({ workload, variants }) => ({ name: workload, variants })))
  return [
    ...(mix === null ? [] : [mixText(mix)]),
    ...(overall.length === 0 ? [] : [overall.map(line => wrapped(`variant ${line}`)).join('\n')]),
    ...workloads.map(workloadText),
    ...(believed.length === 0 ? [] : [believed.map(believedText).join('\n')]),
    ...(limits.length === 0 ? [] : [limitsText(limits)]),
    ...unfinished,
    `run: ${folder}`,
  ].join('\n\n')
}

function workloadText(answer: WorkloadView): string {
  const { best, runnerUp, bottleneck, servingModes } = answer
  if (best === null)
    return [
      `${answer.workload}: ${answer.next.isEmbedding === true ? 'embeddings' : 'no valid point, so no answer'}`,
      ...nextText(answer.next).map(inColumns),
    ].join('\n')
  const rows = [
    row('best', best),
    ...(runnerUp === null ? [] : [row('runner-up', runnerUp)]),
    ...servingModes.flatMap(modes => [
      row(`aggregated, ${counted(modes.gpus, 'GPU')}`, modes.aggregated),
      row(`disaggregated, ${counted(modes.gpus, 'GPU')}`, modes.disaggregated),
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
        { title: 'SLO', isVerdict: true },
      ],
      rows,
    ),
    '',
    ...[
      ...settings(best),
      ...(best.concurrencyPerGpu === null ? [] : [`concurrency per GPU: ${figure(best.concurrencyPerGpu)}`]),
      ...(runnerUp === null
        ? []
        : [`lead over the runner-up: ${change(runnerUp.lead)}, ${verdicts[runnerUp.verdict]}`]),
      ...servingModes.map(
        modes =>
          `disaggregated against aggregated on ${counted(modes.gpus, 'GPU')}: ${change(modes.gain)}, ${verdicts[modes.verdict]}`,
      ),
      ...(servingModes.length === 0 ? ['aggregated against disaggregated: not measured at an equal GPU count'] : []),
      ...answer.variants.map(({ text }) => `variant ${text}`),
      ...answer.rates.flatMap(ratesText),
      ...(bottleneck === null
        ? []
        : [`limited by: ${answer.heldBackBy}`, ...bottleneck.evidence.map(line => `  ${line}`)]),
      ...answer.hardware,
      ...nextText(answer.next),
      ...answer.caveats.map(line => `note: ${line}`),
    ].map(inColumns),
    ...overturnText(answer.couldOverturn),
  ].join('\n')
}

/** Commands stay on one line, so that they can be copied. */
const inColumns = (line: string) => (/^measure (?:it|again): /.test(line) ? line : wrapped(line))

/** Points that could overturn the answer, and the command that measures them. */
export function overturnText({ lines, command }: WorkloadView['couldOverturn']): string[] {
  const commands = command === null || lines.length === 0 ? [] : [`measure it: ${command}`]
  return [...lines.map(line => `uncertain: ${line}`), ...commands].map(inColumns)
}

/** What to try next, the measurements behind the advice, and the command for points without a valid result. */
function nextText({ advice, because, command }: WorkloadView['next']): string[] {
  return [
    ...(advice === '' ? [] : [`try next: ${advice}`]),
    ...because.map(line => `  ${line}`),
    ...(command === null ? [] : [`measure again: ${command}`]),
  ]
}

function believedText({ workload, deployment, load, source, tokensPerSPerGpu }: Believed): string {
  return wrapped(
    `prior for ${workload}: ${deployment} at ${load}, by ${source}, which predicts ${figure(tokensPerSPerGpu)} tokens/s per GPU at its nearest point; the figures above are measured`,
  )
}

/** One deployment for all workloads of the mix. */
function mixText({ shares, best, runnerUp, leftOut }: MixView): string {
  const of = Object.entries(shares)
    .map(([name, share]) => `${Math.round(100 * share)}% ${name}`)
    .join(', ')
  const left = leftOut.map(({ label, why }) => `left out: ${label}, ${why}`)
  if (best === null) return [`the mix of ${of}: no deployment meets the SLO with all of it`, ...left].join('\n')
  const line = (title: string, point: MixedPoint) => {
    const { mean, ci95 } = point.tokensPerSPerGpu
    const interval = ci95 === null ? '' : ` [${figure(ci95[0])}, ${figure(ci95[1])}]`
    return [title, point.deployment, String(point.gpus), figure(point.requestsPerS), `${figure(mean)}${interval}`]
  }
  return [
    `the mix of ${of}: ${best.deployment}, ${figure(best.requestsPerS)} requests/s together`,
    '',
    table(
      [
        { title: '' },
        { title: 'deployment' },
        { title: 'GPUs', align: 'right' },
        { title: 'req/s', align: 'right' },
        { title: 'tok/s/GPU', align: 'right' },
      ],
      [line('best', best), ...(runnerUp === null ? [] : [line('runner-up', runnerUp)])],
    ),
    '',
    ...(runnerUp === null ? [] : [`lead over the runner-up: ${change(runnerUp.lead)}, ${verdicts[runnerUp.verdict]}`]),
    'note: each workload was measured alone; capacities are combined by time shares',
    ...left.map(line => wrapped(line)),
  ].join('\n')
}

/** The rates of prefill and decode workers, and where prediction and measurement differ. */
function ratesText({ prefill, decode, ratio, best, rows, advice }: RatesView): string[] {
  const apart = rows.filter(row => row.parts)
  const least = (isLimit: boolean) => (isLimit ? '' : 'at least ')
  return [
    `rate matching: a prefill worker processes ${least(prefill.isLimit)}${figure(prefill.requestsPerS)} requests/s (${prefill.seenAt}), a decode worker answers ${least(decode.isLimit)}${figure(decode.requestsPerS)} (${decode.seenAt}): ${figure(ratio)} prefill workers per decode worker${advice === null ? `, so ${best.topology} gives the most per GPU of disaggregated topologies${best.isMeasured ? '' : ' (not measured)'}` : ''}`,
    ...apart.map(
      row =>
        `  ${row.deployment}: ${figure(row.predictedRequestsPerS)} requests/s predicted, ${figure(row.measuredRequestsPerS)} measured (${change(row.apart)})`,
    ),
    ...(advice === null ? [] : [`  ${advice}`]),
  ]
}

const verdicts = {
  shown: 'shown by repeats',
  'not-shown': 'within noise',
  unknown: 'measured once: noise unknown',
}

function headline({ basis, best }: WorkloadView): string {
  if (basis === 'missed') return `nothing meets the SLO; ${best?.deployment} comes nearest`
  return `${best?.deployment} at ${best?.load}${basis === 'slo' ? ', the most throughput under the SLO' : ', the most throughput (no SLO)'}`
}

function row(title: string, point: TunedPoint): readonly string[] {
  const { mean, ci95 } = point.tokensPerSPerGpu
  const interval = ci95 === null ? '' : ` [${figure(ci95[0])}, ${figure(ci95[1])}]`
  const load = shortened(point.load)
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

const change = (share: number) => `${share >= 0 ? '+' : '−'}${Math.abs(100 * share).toFixed(1)}%`
const figure = (value: number) => (value >= 100 ? String(Math.round(value)) : value.toFixed(1))
