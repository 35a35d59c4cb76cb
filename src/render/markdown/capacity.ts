import type { CandidateView, CapacityView } from '../views/capacity.ts'
import {
  askedFor,
  cautiousText,
  costLines,
  effectText,
  evidenceUse,
  headline,
  limitText,
  money,
  mostText,
  replayText,
  signed,
  spareText,
} from '../views/capacity-words.ts'
import { counted, figure, percent, time } from '../views/format.ts'
import { escapeMarkdown } from './summary.ts'

const row = (cells: readonly (string | number)[]) =>
  `| ${cells.map(cell => escapeMarkdown(String(cell))).join(' | ')} |`

/** capacity.md: the answer, its cost, what would change it, and its basis. */
export function capacityMarkdown(view: CapacityView): string {
  const { answer, refused, run } = view
  const lines = [`# ${escapeMarkdown(headline(view))}`, '', `For ${escapeMarkdown(askedFor(view))}.`]
  const most = mostText(view)
  if (most !== null) lines.push('', `${escapeMarkdown(most)}.`)
  if (answer !== null) lines.push(...answerLines(answer, view), ...tables(view, answer))
  if (refused.length > 0)
    lines.push('', '## Left out', '', ...refused.map(({ label, why }) => `- ${escapeMarkdown(`${label}: ${why}`)}`))
  lines.push('', `Measured in run ${escapeMarkdown(`${run.sweep}/${run.runId}`)}.`)
  return `${lines.join('\n')}\n`
}

function answerLines(answer: CandidateView, view: CapacityView): readonly string[] {
  return [
    '',
    `- ${counted(answer.gpus, 'GPU')} in use, ${answer.gpusPaid} in whole nodes`,
    `- each replica answers ${figure(answer.requestsPerSPerReplica)} requests/s within the SLO; ${percent(answer.utilisation)} of that is used at the peak`,
    `- ${escapeMarkdown(spareText(answer))}`,
    ...costLines(answer, view).map(line => `- ${escapeMarkdown(line)}`),
    ...[cautiousText(view)].flatMap(line => (line === null ? [] : [`- ${escapeMarkdown(line)}`])),
    ...view.replays.map(replay => `- ${escapeMarkdown(replayText(replay))}`),
  ]
}

function tables(view: CapacityView, answer: CandidateView): readonly string[] {
  const { caveats, candidates, sensitivity, months, evidence, day } = view
  return [
    ...(caveats.length > 0
      ? ['', '## Before you trust it', '', ...caveats.map(line => `- ${escapeMarkdown(line)}`)]
      : []),
    '',
    '## Requests',
    '',
    '| Requests | Share | Based on | Requests/s a replica, alone | Limited by | TTFT p95 | ITL p95 |',
    '|---|---:|---|---:|---|---:|---:|',
    ...answer.requests.map(one =>
      row([
        `${one.name}${one.carriedOver === null ? '' : ' (extrapolated)'}`,
        percent(one.share),
        one.restsOn,
        figure(one.requestsPerSAlone),
        limitText(one.limit),
        time(one.ttftP95Ms),
        time(one.itlP95Ms),
      ]),
    ),
    '',
    '## Deployments',
    '',
    '| Deployment | Requests/s a replica | Replicas | GPUs | Nodes | Cost an hour | Per million tokens |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...candidates.map(one =>
      row([
        one.deployment,
        figure(one.requestsPerSPerReplica),
        one.replicas,
        one.gpus,
        `${one.nodes}${one.fits ? '' : ' (too many)'}`,
        money(one.cost.perHour, one.cost),
        money(one.cost.perMillionTokens, one.cost),
      ]),
    ),
    '',
    '## What each assumption moves',
    '',
    '| Assumption | By | Effect | GPUs | Headroom | Cost an hour |',
    '|---|---:|---|---:|---:|---:|',
    ...sensitivity.map(one =>
      row([
        one.assumption,
        signed(one.by),
        effectText(one, answer),
        one.best?.gpus ?? '–',
        one.best === null ? '–' : percent(one.best.headroom),
        one.best === null ? '–' : money(one.best.costPerHour, answer.cost),
      ]),
    ),
    ...(months.length === 0
      ? []
      : [
          '',
          '## Growth',
          '',
          '| Month | Peak requests/s | Replicas | Nodes |',
          '|---:|---:|---:|---:|',
          ...months.map(one =>
            row([
              one.month,
              figure(one.peakRequestsPerS),
              one.replicas,
              `${one.nodes}${one.fits ? '' : ' (too many)'}`,
            ]),
          ),
        ]),
    '',
    '## The day',
    '',
    '| Hour | Requests/s | Utilisation | Replicas needed |',
    '|---:|---:|---:|---:|',
    ...day.map(({ hour, requestsPerS, utilisation, replicas }) =>
      row([`${hour}:00`, figure(requestsPerS), percent(utilisation), replicas]),
    ),
    '',
    '## Measured points behind the plan',
    '',
    '| Point | Deployment | Workload | Load | Requests/s | TTFT p95 | ITL p95 | Repeats | |',
    '|---|---|---|---|---:|---:|---:|---:|---|',
    ...evidence.map(one =>
      row([
        one.pointIds[0] ?? '',
        one.deployment,
        one.workload,
        one.load,
        figure(one.requestsPerS),
        time(one.ttftP95Ms),
        time(one.itlP95Ms),
        one.repeats,
        one.use === 'curve' ? '' : evidenceUse(one.use),
      ]),
    ),
  ]
}
