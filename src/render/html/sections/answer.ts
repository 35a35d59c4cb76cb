import type { WorkloadAnalysis } from '../../../analysis/analyse.ts'
import { loadLabel } from '../../../analysis/load-label.ts'
import type { Recommendation } from '../../../analysis/recommend.ts'
import { rivalLines } from '../../../analysis/rivals.ts'
import type { ServingModes } from '../../../analysis/serving-modes.ts'
import { objectives } from '../../../analysis/slo.ts'
import { meanTokens } from '../../../model/index.ts'
import { change, figure, time } from '../../views/format.ts'
import type { Report } from '../../views/report.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'

/** The answer first: for each workload what to deploy, what it gives, and how sure that is. */
export function answerSection(report: Report): Html {
  return html`<section id="answer" aria-labelledby="answer-title">
<h2 id="answer-title">What to deploy</h2>
<div class="answers">${report.sections.map(section => card(section.analysis, section.slug))}</div>
</section>`
}

function card(workload: WorkloadAnalysis, slug: string): Html {
  const { recommendation } = workload
  const { best } = recommendation
  const { isl, osl } = workload.workload
  return html`<article class="answer" data-basis="${recommendation.basis}">
<p class="eyebrow">Workload ${workload.name} <span>· ${figure(meanTokens(isl))} tokens in, ${figure(meanTokens(osl))} out</span></p>
<h3>${headline(recommendation)}</h3>
${confidence(recommendation)}
<p class="why">${because(recommendation)}</p>
${
  best === null
    ? null
    : html`<dl class="tiles">
<div><dt>Tokens/s per GPU</dt><dd data-figure="output_tokens_per_s_per_gpu" data-value="${best.y?.mean ?? ''}">${figure(best.y?.mean)}</dd></div>
<div><dt>Tokens/s per user</dt><dd data-figure="output_tokens_per_s_per_user" data-value="${best.x?.mean ?? ''}">${figure(best.x?.mean)}</dd></div>
${objectives(best).map(
  o => html`<div class="${o.met ? 'met' : 'missed'}"><dt>${o.title}</dt><dd data-figure="${o.figure}" data-value="${o.valueMs ?? ''}">${time(o.valueMs)}</dd>
<dd class="limit">${o.valueMs === null ? 'not measured; limit' : html`<meter min="0" max="1" value="${Math.min(1, o.valueMs / o.limitMs)}" aria-label="share of the limit"></meter> ${o.met ? 'of' : 'over'}`} ${time(o.limitMs)}</dd></div>`,
)}
</dl>`
}
<ul class="sure">${[...certainty(recommendation), ...modes(workload.servingModes), ...recommendation.caveats].map(line => html`<li>${line}</li>`)}</ul>
${overturnPart(workload)}
<p class="more"><a href="#workload=${slug}">Frontier, ratio and latency of this workload</a></p>
</article>`
}

/** Points without a valid measurement that could change the answer, and the command that measures them. */
function overturnPart({ rivals, recommendation }: WorkloadAnalysis): Html | null {
  const lines = rivalLines(rivals, recommendation)
  if (lines.length === 0) return null
  return html`<div class="overturn" data-rivals="${rivals.points.length}"><ul class="sure">${lines.map(line => html`<li>${line}</li>`)}</ul>
${rivals.command === null ? null : html`<p>To measure ${rivals.points.length === 1 ? 'it' : 'them'}:</p><pre><code>${rivals.command}</code></pre>`}</div>`
}

/** How sure the answer is, in two or three words; colour only repeats what they say. */
function confidence({ basis, best, runnerUp }: Recommendation): Html | null {
  if (best === null) return null
  const [kind, text] =
    basis === 'missed'
      ? ['bad', 'misses the SLO']
      : runnerUp === null
        ? ['open', 'no other deployment to compare with']
        : runnerUp.lead.verdict === 'shown'
          ? ['good', 'lead shown by repeats']
          : runnerUp.lead.verdict === 'not-shown'
            ? ['open', 'lead not shown: within noise']
            : ['open', 'measured once: certainty not known']
  return html`<p class="confidence ${kind}">${text}</p>`
}

/** What to do, in one line. */
export function headline({ basis, best }: Recommendation): string {
  if (best === null) return 'No valid measurement'
  const at = `${best.label} at ${loadLabel(best.load.level)}`
  return basis === 'missed' ? `Nothing meets the SLO; nearest is ${at}` : at
}

function because({ basis, best }: Recommendation): string {
  if (best === null) return 'Every point of this workload failed or is invalid; see Validity for the reasons.'
  switch (basis) {
    case 'slo':
      return `The most output tokens/s per GPU among the points that meet the SLO, on ${best.gpus} GPUs.`
    case 'no-slo':
      return `The most output tokens/s per GPU, on ${best.gpus} GPUs. The sweep has no SLO, so latency did not count.`
    default:
      return 'Its worst objective exceeds its limit by the least of all points.'
  }
}

/** How sure the lead over the runner-up is. */
export function certainty({ best, runnerUp }: Recommendation): string[] {
  if (best === null || runnerUp === null) return []
  const lead = `${change(runnerUp.lead.relative)} tokens/s per GPU against the runner-up, ${runnerUp.point.label} at ${loadLabel(runnerUp.point.load.level)}`
  switch (runnerUp.lead.verdict) {
    case 'shown':
      return [`${lead}: shown at 95% confidence by ${best.valid.length} repeats.`]
    case 'not-shown':
      return [`${lead}: no difference shown by ${best.valid.length} repeats.`]
    case 'unknown':
      return [`${lead}, one measurement each.`]
  }
}

/** Disaggregated against aggregated, always on equal GPUs. */
export function modes(rows: readonly ServingModes[]): string[] {
  return rows.map(row => {
    const verdict = { shown: '', 'not-shown': ' (no difference shown)', unknown: ' (one measurement each)' }[
      row.gain.verdict
    ]
    const slo =
      row.aggregatedMeetsSlo === row.disaggregatedMeetsSlo
        ? ''
        : row.disaggregatedMeetsSlo
          ? '; only disaggregated meets the SLO'
          : '; only aggregated meets the SLO'
    return `On ${row.gpus} GPUs ${row.disaggregated.label} gives ${change(row.gain.relative)} tokens/s per GPU against ${row.aggregated.label}${verdict}${slo}.`
  })
}
