import { capacityDaySpec } from '../charts/capacity-day.ts'
import type { CandidateView, CapacityView, RequestsView } from '../views/capacity.ts'
import {
  askedFor,
  cautiousText,
  costLines,
  effectText,
  headline,
  limitText,
  money,
  mostText,
  percent,
  replayText,
  signed,
  sloText,
  spareText,
} from '../views/capacity-words.ts'
import { counted, figure, time } from '../views/format.ts'
import type { Html } from './html.ts'
import { html, trusted } from './html.ts'
import { loadStyle } from './inline-script.ts'
import { picture } from './picture.ts'
import { scrolling } from './sections/tables.ts'

/** capacity.html: one offline file without scripts, the answer first. */
export async function capacityHtml(view: CapacityView): Promise<string> {
  const style = await loadStyle()
  const { answer, run } = view
  const title = headline(view)
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${style.hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Capacity: ${title}</title>
<style>${trusted(style.text)}</style>
</head>
<body>
<header class="top"><p class="brand">Fulcrum capacity</p>
<div class="title"><h1>${title}</h1>
<p class="meta">For ${askedFor(view)}</p></div></header>
<main>
${answer === null ? nothing(view) : html`${await answerSection(view, answer)}`}
${refusedSection(view)}
</main>
<footer><p>Written by Fulcrum from run ${run.sweep} ${run.runId}. Next to this file, capacity.json has every figure.</p></footer>
</body>
</html>
`
  return page.html
}

function nothing({ question }: CapacityView): Html {
  return html`<section><h2>What to do</h2><p>Every measured deployment misses ${sloText(question.slo)} even at its lightest load. Measure lighter loads or other deployments, or relax the SLO.</p></section>`
}

async function answerSection(view: CapacityView, answer: CandidateView): Promise<Html> {
  return html`<section id="answer"><h2>What to run</h2>
<article class="answer" data-basis="${view.serves ? 'slo' : 'missed'}">
<h3>${answer.replicas} × ${answer.deployment}</h3>
<p class="confidence ${view.serves ? 'good' : 'bad'}">${view.serves ? 'serves the traffic under the SLO' : 'needs more nodes than are available'}</p>
${mostText(view) === null ? null : html`<p class="why">${mostText(view)}.</p>`}
<dl class="tiles">
<div><dt>Nodes</dt><dd data-value="${answer.nodes}">${figure(answer.nodes)}</dd></div>
<div><dt>GPUs in use</dt><dd data-value="${answer.gpus}">${figure(answer.gpus)}</dd></div>
<div><dt>Requests/s per replica</dt><dd data-value="${answer.requestsPerSPerReplica}">${figure(answer.requestsPerSPerReplica)}</dd></div>
<div><dt>Used at the peak</dt><dd data-value="${answer.utilisation}">${percent(answer.utilisation)}</dd></div>
<div><dt>Per million tokens</dt><dd data-value="${answer.cost.perMillionTokens}">${money(answer.cost.perMillionTokens, answer.cost)}</dd></div>
</dl>
<ul class="sure">${[spareText(answer), cautiousText(view), ...costLines(answer, view), ...view.replays.map(replayText), ratio(answer), settings(answer)].flatMap(line => (line === null ? [] : [html`<li>${asSentence(line)}</li>`]))}</ul>
</article>
</section>
${caveatsSection(view)}
<section><h2>Requests</h2>${requestsTable(answer.requests)}</section>
<section><h2>The day</h2><div class="pair"><figure><figcaption><h3>Utilisation hour by hour</h3><p>Share of the requests/s that all replicas answer within the SLO. The dashed line is the capacity that remains after losing ${counted(view.question.fleet.nodesLost, 'node')}. Scaling replicas with the traffic every hour would take ${percent(answer.followingShare)} of the GPU-hours.</p></figcaption>
${await picture('Utilisation of each hour of the day', theme => capacityDaySpec(view.day, answer, theme))}
<details class="data"><summary>As a table</summary>${dayTable(view)}</details></figure>
${view.months.length === 0 ? null : html`<figure><figcaption><h3>Growth</h3><p>What this deployment needs month by month.</p></figcaption>${monthsTable(view)}</figure>`}</div></section>
<section><h2>Deployments</h2><p>Every measured deployment that can serve the traffic, fewest nodes first.</p>${candidatesTable(view)}</section>
<section><h2>What each assumption changes</h2><p>Each assumption changes by itself, 20% down and 20% up, and the best deployment is chosen again each time. Headroom is the capacity above the peak after losing the nodes that may be lost.</p>${sensitivityTable(view, answer)}</section>
<section><h2>Measured points behind the plan</h2>${evidenceTable(view)}</section>`
}

/** The terminal prints fragments; a list of a page has sentences. */
const asSentence = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/\.?$/, '.')}`

function caveatsSection({ caveats }: CapacityView): Html | null {
  if (caveats.length === 0) return null
  return html`<section><h2>Before you trust it</h2><ul class="sure">${caveats.map(
    line => html`<li>${line.startsWith('EXTRAPOLATED') ? html`<em>${line}</em>` : line}</li>`,
  )}</ul></section>`
}

function ratio({ prefillToDecodeGpus, gpusPerReplica }: CandidateView): string {
  return prefillToDecodeGpus === null
    ? `${gpusPerReplica} GPUs per replica, aggregated`
    : `${gpusPerReplica} GPUs per replica, prefill:decode ${prefillToDecodeGpus.join(':')}`
}

function settings({ engine }: CandidateView): string | null {
  const set = Object.entries(engine).flatMap(([role, values]) =>
    Object.entries(values).map(([name, value]) => `${role}.${name}=${JSON.stringify(value)}`),
  )
  return set.length === 0 ? null : `engine settings: ${set.join(' ')}`
}

const n = (value: number | null, text: string) => html`<td class="n" data-v="${value ?? ''}">${text}</td>`

function requestsTable(requests: readonly RequestsView[]): Html {
  return scrolling(html`<table><thead><tr><th>Requests</th><th class="n">Share</th><th class="n">One replica, alone</th><th>Limited by</th><th class="n">TTFT p95 at the peak</th><th class="n">ITL p95</th><th class="n">Latency p95</th><th>Rests on</th></tr></thead>
<tbody>${requests.map(
    one =>
      html`<tr><td>${one.name}</td>${n(one.share, percent(one.share))}${n(one.requestsPerSAlone, `${figure(one.requestsPerSAlone)}/s`)}<td>${limitText(one.limit)}</td>${n(one.ttftP95Ms, time(one.ttftP95Ms))}${n(one.itlP95Ms, time(one.itlP95Ms))}${n(one.requestLatencyP95Ms, time(one.requestLatencyP95Ms))}<td class="text">${one.carriedOver === null ? `measured: ${one.restsOn}` : html`<em>extrapolated</em>, ${one.carriedOver}`}</td></tr>`,
  )}</tbody></table>`)
}

function dayTable({ day }: CapacityView): Html {
  return scrolling(html`<table><thead><tr><th>Hour</th><th class="n">Requests/s</th><th class="n">Utilisation</th><th class="n">Replicas needed</th></tr></thead>
<tbody>${day.map(({ hour, requestsPerS, utilisation, replicas }) => html`<tr><td>${hour}:00</td>${n(requestsPerS, figure(requestsPerS))}${n(utilisation, percent(utilisation))}${n(replicas, figure(replicas))}</tr>`)}</tbody></table>`)
}

function monthsTable({ months }: CapacityView): Html {
  return scrolling(html`<table><thead><tr><th>Month</th><th class="n">Peak requests/s</th><th class="n">Replicas</th><th class="n">Nodes</th></tr></thead>
<tbody>${months.map(one => html`<tr><td>${one.month}</td>${n(one.peakRequestsPerS, figure(one.peakRequestsPerS))}${n(one.replicas, figure(one.replicas))}<td class="n">${one.fits ? figure(one.nodes) : html`<em>${figure(one.nodes)}</em>`}</td></tr>`)}</tbody></table>`)
}

function candidatesTable({ candidates }: CapacityView): Html {
  return scrolling(html`<table><thead><tr><th>Deployment</th><th class="n">Requests/s per replica</th><th class="n">Replicas</th><th class="n">GPUs</th><th class="n">Nodes</th><th class="n">Used at the peak</th><th class="n">Cost per hour</th><th class="n">Per million tokens</th></tr></thead>
<tbody>${candidates.map(
    one =>
      html`<tr><td>${one.deployment}</td>${n(one.requestsPerSPerReplica, figure(one.requestsPerSPerReplica))}${n(one.replicas, figure(one.replicas))}${n(one.gpus, figure(one.gpus))}<td class="n" data-v="${one.nodes}">${one.fits ? figure(one.nodes) : html`<em>${figure(one.nodes)}</em>`}</td>${n(one.utilisation, percent(one.utilisation))}${n(one.cost.perHour, money(one.cost.perHour, one.cost))}${n(one.cost.perMillionTokens, money(one.cost.perMillionTokens, one.cost))}</tr>`,
  )}</tbody></table>`)
}

function sensitivityTable({ sensitivity }: CapacityView, answer: CandidateView): Html {
  return scrolling(html`<table><thead><tr><th>Assumption</th><th class="n">By</th><th>Effect</th><th class="n">GPUs</th><th class="n">Nodes</th><th class="n">Headroom</th><th class="n">Cost per hour</th></tr></thead>
<tbody>${sensitivity.map(
    one =>
      html`<tr><td>${one.assumption}</td>${n(one.by, signed(one.by))}<td class="text">${one.best === null ? html`<em>not servable</em>` : effectText(one, answer)}</td>${n(one.best?.gpus ?? null, figure(one.best?.gpus))}${n(one.best?.nodes ?? null, figure(one.best?.nodes))}${n(one.best?.headroom ?? null, one.best === null ? '–' : percent(one.best.headroom))}<td class="n">${one.best === null ? '–' : money(one.best.costPerHour, answer.cost)}</td></tr>`,
  )}</tbody></table>`)
}

function evidenceTable({ evidence }: CapacityView): Html {
  return scrolling(html`<table><thead><tr><th>Point</th><th>Deployment</th><th>Workload</th><th>Load</th><th class="n">Requests/s</th><th class="n">TTFT p95</th><th class="n">ITL p95</th><th class="n">Repeats</th><th></th></tr></thead>
<tbody>${evidence.map(
    one =>
      html`<tr><td><code>${one.pointIds[0] ?? ''}</code></td><td>${one.deployment}</td><td>${one.workload}</td><td>${one.load}</td>${n(one.requestsPerS, figure(one.requestsPerS))}${n(one.ttftP95Ms, time(one.ttftP95Ms))}${n(one.itlP95Ms, time(one.itlP95Ms))}${n(one.repeats, figure(one.repeats))}<td>${one.use === 'limit' ? 'at the limit' : ''}</td></tr>`,
  )}</tbody></table>`)
}

function refusedSection({ refused }: CapacityView): Html | null {
  if (refused.length === 0) return null
  return html`<section><h2>Left out</h2><ul class="sure">${refused.map(({ label, why }) => html`<li>${label}: ${why}</li>`)}</ul></section>`
}
