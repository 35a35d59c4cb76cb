import { shortened } from '../../analysis/load-label.ts'
import type { CandidateView, CapacityView } from '../views/capacity.ts'
import {
  askedFor,
  cautiousText,
  costLines,
  effectText,
  headline,
  limitText,
  money,
  mostText,
  replayText,
  signed,
  spareText,
} from '../views/capacity-words.ts'
import { counted, figure, percent, time } from '../views/format.ts'
import { table } from './table.ts'
import { wrapped } from './wrapped.ts'

/** The plan for an 80-column terminal. */
export function capacityText({ view, files }: { view: CapacityView; files: readonly string[] }): string {
  const { answer, refused, run } = view
  const blocks = [
    wrapped(headline(view)),
    wrapped(`for ${askedFor(view)}`),
    ...[mostText(view)].filter(line => line !== null).map(line => wrapped(line)),
    ...(answer === null
      ? []
      : [
          answerText(view, answer),
          ...view.replays.map(replay => wrapped(replayText(replay))),
          ...blocksOf(view, answer),
        ]),
    ...(refused.length === 0
      ? []
      : [`left out\n${refused.map(({ label, why }) => wrapped(`${label}: ${why}`, '  ')).join('\n')}`]),
    ...(view.caveats.length === 0 ? [] : [view.caveats.map(line => wrapped(`note: ${line}`)).join('\n')]),
    `run: ${run.folder}`,
    ...files.filter(file => file.endsWith('.html')).map(file => `page: ${file}`),
  ]
  return blocks.join('\n\n')
}

function answerText(view: CapacityView, answer: CandidateView): string {
  const { gpus, gpusPaid, requestsPerSPerReplica, utilisation, prefillToDecodeGpus, followingShare } = answer
  return [
    `${counted(gpus, 'GPU')} in use, ${gpusPaid} in whole nodes${prefillToDecodeGpus === null ? '' : `; prefill:decode GPUs of a replica ${prefillToDecodeGpus.join(':')}`}`,
    ...settings(answer),
    `a replica serves ${figure(requestsPerSPerReplica)} requests/s within the SLO; ${percent(utilisation)} used at the peak`,
    spareText(answer),
    ...[cautiousText(view)].filter(line => line !== null),
    ...costLines(answer, view),
    ...(followingShare < 0.995
      ? [`scaling replicas with the traffic every hour would take ${percent(followingShare)} of the GPU-hours`]
      : []),
  ]
    .map(line => wrapped(line))
    .join('\n')
}

function settings({ engine }: CandidateView): string[] {
  const set = Object.entries(engine).flatMap(([role, values]) =>
    Object.entries(values).map(([name, value]) => `${role}.${name}=${JSON.stringify(value)}`),
  )
  return set.length === 0 ? [] : [`engine settings: ${set.join(' ')}`]
}

function blocksOf(view: CapacityView, answer: CandidateView): string[] {
  const right = (title: string) => ({ title, align: 'right' as const })
  const { candidates, sensitivity, months, evidence } = view
  return [
    table(
      [
        { title: 'requests' },
        right('share'),
        right('alone'),
        { title: 'limit' },
        right('TTFT p95'),
        right('ITL p95'),
        { title: 'based on' },
      ],
      answer.requests.map(one => [
        clipped(one.name, 18),
        percent(one.share),
        `${figure(one.requestsPerSAlone)}/s`,
        one.limit === 'heaviest load measured' ? 'not reached' : limitText(one.limit),
        time(one.ttftP95Ms),
        time(one.itlP95Ms),
        one.carriedOver === null ? clipped(one.restsOn, 16) : 'EXTRAPOLATED',
      ]),
    ),
    table(
      [
        { title: 'deployment' },
        right('req/s each'),
        right('replicas'),
        right('GPUs'),
        right('nodes'),
        right('per M tokens'),
      ],
      candidates
        .slice(0, 8)
        .map(one => [
          clipped(one.deployment, 30),
          figure(one.requestsPerSPerReplica),
          String(one.replicas),
          String(one.gpus),
          `${one.nodes}${one.fits ? '' : ' !'}`,
          money(one.cost.perMillionTokens, one.cost),
        ]),
    ),
    table(
      [{ title: 'assumption' }, right('by'), { title: 'effect' }, right('GPUs'), right('headroom'), right('cost/h')],
      sensitivity.map(one => [
        one.assumption,
        signed(one.by),
        clipped(effectText(one, answer), 36),
        one.best === null ? '–' : String(one.best.gpus),
        one.best === null ? '–' : percent(one.best.headroom),
        one.best === null ? '–' : money(one.best.costPerHour, answer.cost),
      ]),
    ),
    ...(months.length === 0
      ? []
      : [
          table(
            [right('month'), right('peak req/s'), right('replicas'), right('nodes')],
            months.map(one => [
              String(one.month),
              figure(one.peakRequestsPerS),
              String(one.replicas),
              `${one.nodes}${one.fits ? '' : ' !'}`,
            ]),
          ),
        ]),
    table(
      [
        { title: 'measured point' },
        { title: 'workload' },
        { title: 'load' },
        right('TTFT p95'),
        right('ITL p95'),
        { title: '' },
      ],
      evidence
        .filter(one => one.use !== 'curve')
        .map(one => [
          one.pointIds[0] ?? '',
          clipped(one.workload, 16),
          shortened(one.load),
          time(one.ttftP95Ms),
          time(one.itlP95Ms),
          one.use === 'limit' ? 'at the limit' : 'limit not reached',
        ]),
    ),
  ]
}

const clipped = (text: string, most: number) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`)
