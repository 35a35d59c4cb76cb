import type { MixChoice, MixRecommendation } from '../../../analysis/tune/mix.ts'
import type { RateMatching } from '../../../analysis/tune/rate-matching.ts'
import type { Tuning } from '../../../analysis/tune/tune.ts'
import { tune } from '../../../analysis/tune/tune.ts'
import { change, figure } from '../../views/format.ts'
import { hardwareLines } from '../../views/hardware-words.ts'
import type { Report } from '../../views/report.ts'
import { heldBack, mixHeadline, mixLines, mixShares, ratesLines } from '../../views/tuning-words.ts'
import type { Html } from '../html.ts'
import { html } from '../html.ts'
import { scrolling } from './tables.ts'

/** Maximum rows of all tables of one kind together: a page has no room for thousands of deployments per workload. */
const mostRows = 1000
/** Combinations of prefill and decode workers whose rates one workload's card shows. */
const mostRates = 10

/** The recommendation for the sweep's mix; null without a mix. */
export function mixSection({ analysis: { mix } }: Report): Html | null {
  if (mix === null) return null
  return html`<section id="mix" aria-labelledby="mix-title">
<h2 id="mix-title">What to deploy for the mix</h2>
${mixCard(mix)}
</section>`
}

/** The bottleneck of each recommendation, what to try next, and rate matching; null if nothing is recommended. */
export function tuningSection({ analysis }: Report): Html | null {
  const tunings = tune(analysis).filter(({ recommendation }) => recommendation.best !== null)
  if (tunings.length === 0) return null
  return html`<section id="tuning" aria-labelledby="tuning-title">
<h2 id="tuning-title">What to try next</h2>
<div class="answers">${tunings.map(tuning => card(tuning, Math.ceil(mostRows / tunings.length)))}</div>
</section>`
}

function card(tuning: Tuning, limit: number): Html {
  const { workload, bottleneck, next, concurrencyPerGpu, rates, recommendation } = tuning
  return html`<article class="answer" data-bottleneck="${bottleneck?.stage ?? ''}">
<p class="eyebrow">Workload ${workload} <span>· ${recommendation.best?.label ?? ''}${concurrencyPerGpu === null ? null : `, concurrency ${figure(concurrencyPerGpu)} per GPU`}</span></p>
${
  bottleneck === null
    ? null
    : html`<h3>${heldBack(tuning)}</h3>
<p class="why">${next.advice}</p>
<ul class="sure">${[...next.because, ...bottleneck.evidence].map(line => html`<li>${line}</li>`)}</ul>${commandPart(next)}`
}
${hardwarePart(tuning)}${rates.slice(0, mostRates).map(each => ratesPart(each, limit))}${first(mostRates, rates.length, 'combinations of workers; fulcrum tune has all')}
</article>`
}

/** GPUs, energy and cost; empty if unknown. */
function hardwarePart({ hardware, recommendation }: Tuning): Html | null {
  const lines = hardware === null ? [] : hardwareLines(hardware, recommendation.basis)
  return lines.length === 0
    ? null
    : html`<h4>GPUs, energy and cost</h4><ul class="sure" data-hardware>${lines.map(line => html`<li>${line}</li>`)}</ul>`
}

function commandPart({ command }: Tuning['next']): Html | null {
  return command === null ? null : html`<p>To measure again: <code>${command}</code></p>`
}

function ratesPart(rates: RateMatching, limit: number): Html {
  return html`<ul class="sure">${ratesLines(rates).map(line => html`<li>${line}</li>`)}</ul>
<details class="data"><summary>Predicted and measured requests/s, as a table</summary>${scrolling(html`<table><thead><tr><th>Deployment</th><th class="n">Predicted</th><th class="n">Measured</th><th class="n">Apart</th><th>Limit</th></tr></thead>
<tbody>${rates.rows
    .slice(0, limit)
    .map(
      row =>
        html`<tr><td>${row.label}</td><td class="n" data-v="${row.predicted}">${figure(row.predicted)}</td><td class="n" data-v="${row.measured}">${figure(row.measured)}</td><td class="n">${row.parts ? html`<em>${change(row.apart)}</em>` : change(row.apart)}</td><td>${row.limit}</td></tr>`,
    )}</tbody></table>`)}${first(limit, rates.rows.length)}</details>`
}

function mixCard(mix: MixRecommendation): Html {
  return html`<article class="answer"><p class="eyebrow">One deployment for the mix <span>· ${mixShares(mix)}</span></p>
<h3>${mixHeadline(mix)}</h3>
<ul class="sure">${mixLines(mix).map(line => html`<li>${line}</li>`)}</ul>
${mix.choices.length === 0 ? null : mixTable(mix.choices)}
</article>`
}

const first = (limit: number, count: number, what = 'deployments') =>
  count > limit ? html`<p class="none">The first ${limit} of ${count} ${what}.</p>` : null

function mixTable(choices: readonly MixChoice[]): Html {
  return html`${first(mostRows, choices.length)}${scrolling(html`<table><thead><tr><th>Deployment</th><th class="n">GPUs</th><th class="n">Requests/s</th><th class="n">Tokens/s per GPU</th><th>95% interval</th></tr></thead>
<tbody>${choices.slice(0, mostRows).map(({ label, gpus, requestsPerS, tokensPerSPerGpu: { mean, ci95 } }) => html`<tr><td>${label}</td><td class="n">${gpus}</td><td class="n" data-v="${requestsPerS.mean}">${figure(requestsPerS.mean)}</td><td class="n" data-v="${mean}">${figure(mean)}</td><td>${ci95 === null ? 'measured once' : `${figure(ci95[0])} to ${figure(ci95[1])}`}</td></tr>`)}</tbody></table>`)}`
}
