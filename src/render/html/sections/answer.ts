import type { WorkloadAnalysis } from '../../../analysis/analyse.ts'
import type { Recommendation } from '../../../analysis/recommend.ts'
import { rivalLines } from '../../../analysis/rivals.ts'
import { objectives } from '../../../analysis/slo.ts'
import { meanTokens } from '../../../model/index.ts'
import { figure, time } from '../../views/format.ts'
import { because, certainty, confidenceOf, headline, modes, variantWords } from '../../views/recommendation-words.ts'
import type { Report } from '../../views/report.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'

/** The recommendation of each workload, its figures and its certainty. */
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
<h3>${headline(recommendation, workload.points)}</h3>
${confidence(recommendation)}
<p class="why">${because(recommendation, workload.points)}</p>
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
<ul class="sure">${[...certainty(recommendation), ...modes(workload.servingModes), ...variantWords(workload.variants), ...recommendation.caveats].map(line => html`<li>${line}</li>`)}</ul>
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

/** Certainty of the answer in two or three words. Color only repeats this text. */
function confidence(recommendation: Recommendation): Html | null {
  const said = confidenceOf(recommendation)
  return said === null ? null : html`<p class="confidence ${said.kind}">${said.text}</p>`
}
