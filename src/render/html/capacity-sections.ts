import type { CandidateView, CapacityView, RequestsView } from '../views/capacity.ts'
import {
  cautiousText,
  costLines,
  effectText,
  evidenceUse,
  limitText,
  money,
  mostText,
  replayText,
  signed,
  sloText,
  spareText,
} from '../views/capacity-words.ts'
import { counted, figure, percent, time } from '../views/format.ts'
import { cardTable, column, numbers, value } from './card-table.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

/**
 * The plan as sections of the capacity page. Pure and without a library, because the page's script renders them again
 * after each change.
 */
export function capacitySections(view: CapacityView): Html {
  const { answer } = view
  return html`${answer === null ? nothing(view) : answerSection(view, answer)}
${refusedSection(view)}`
}

function nothing({ question }: CapacityView): Html {
  return html`<section><h2>What to do</h2><p>Every measured deployment misses ${sloText(question.slo)} even at its lightest load. Measure lighter loads or other deployments, or relax the SLO.</p></section>`
}

function answerSection(view: CapacityView, answer: CandidateView): Html {
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
${dayChart(view.day, answer)}
<details class="data"><summary>As a table</summary>${dayTable(view)}</details></figure>
${view.months.length === 0 ? null : html`<figure><figcaption><h3>Growth</h3><p>What this deployment needs month by month.</p></figcaption>${monthsTable(view)}</figure>`}</div></section>
<section><h2>Deployments</h2><p>Every measured deployment that can serve the traffic, fewest nodes first.</p>${candidatesTable(view)}</section>
<section><h2>What each assumption changes</h2><p>Each assumption changes by itself, 20% down and 20% up, and the best deployment is chosen again each time. Headroom is the capacity above the peak after losing the nodes that may be lost.</p>${sensitivityTable(view, answer)}</section>
<section><h2>Measured points behind the plan</h2>${evidenceTable(view)}</section>`
}

/** The terminal prints fragments; the page has full sentences. */
const asSentence = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/\.?$/, '.')}`

function caveatsSection({ caveats }: CapacityView): Html | null {
  if (caveats.length === 0) return null
  return html`<section><h2>Before you trust it</h2><ul class="sure">${caveats.map(
    line => html`<li>${line.startsWith('EXTRAPOLATED') ? html`<em>${line}</em>` : line}</li>`,
  )}</ul></section>`
}

function ratio({ prefillToDecodeGpus, gpusPerReplica }: CandidateView): string {
  return prefillToDecodeGpus === null
    ? `${counted(gpusPerReplica, 'GPU')} per replica, aggregated`
    : `${counted(gpusPerReplica, 'GPU')} per replica, prefill:decode ${prefillToDecodeGpus.join(':')}`
}

function settings({ engine }: CandidateView): string | null {
  const set = Object.entries(engine).flatMap(([role, values]) =>
    Object.entries(values).map(([name, value]) => `${role}.${name}=${JSON.stringify(value)}`),
  )
  return set.length === 0 ? null : `engine settings: ${set.join(' ')}`
}

/** Height of the tallest bar of the day's chart, in units of its viewBox. */
const high = 160
const wide = 400

/**
 * Utilization by hour: bars, and a line for the capacity that remains when nodes are lost. Drawn without a library,
 * because the page also draws it.
 */
function dayChart(day: CapacityView['day'], answer: CandidateView): Html {
  const left = answer.spare.requestsPerS / (answer.replicas * answer.requestsPerSPerReplica)
  const y = (share: number) => (high - high * Math.min(1, Math.max(0, share))).toFixed(1)
  const step = wide / 24
  return html`<svg class="day" viewBox="-50 -10 ${wide + 60} ${high + 46}" role="img" aria-label="Utilisation of each hour of the day">
<g class="grid">${[0, 0.25, 0.5, 0.75, 1].map(share => html`<line x1="0" x2="${wide}" y1="${y(share)}" y2="${y(share)}"/><text x="-8" y="${y(share)}" dy="4" text-anchor="end">${percent(share)}</text>`)}</g>
<g class="bars">${day.map(({ hour, utilisation, requestsPerS, replicas }) => html`<rect x="${(hour * step + 2).toFixed(1)}" width="${(step - 4).toFixed(1)}" y="${y(utilisation)}" height="${(high - Number(y(utilisation))).toFixed(1)}" rx="2"><title>${hour}:00: ${percent(utilisation)} used, ${figure(requestsPerS)} requests/s, ${counted(replicas, 'replica')} needed</title></rect>`)}</g>
<line class="left" x1="0" x2="${wide}" y1="${y(left)}" y2="${y(left)}"/>
<g class="hours">${[0, 4, 8, 12, 16, 20].map(hour => html`<text x="${((hour + 0.5) * step).toFixed(1)}" y="${high + 18}" text-anchor="middle">${hour}:00</text>`)}</g>
</svg>`
}

function requestsTable(requests: readonly RequestsView[]): Html {
  return cardTable(
    [
      column('Requests'),
      numbers('Share'),
      numbers('One replica, alone'),
      column('Limited by'),
      numbers('TTFT p95 at the peak'),
      numbers('ITL p95'),
      numbers('Latency p95'),
      column('Based on'),
    ],
    requests.map(one => ({
      cells: [
        one.name,
        value(one.share, percent(one.share)),
        value(one.requestsPerSAlone, `${figure(one.requestsPerSAlone)}/s`),
        limitText(one.limit),
        value(one.ttftP95Ms, time(one.ttftP95Ms)),
        value(one.itlP95Ms, time(one.itlP95Ms)),
        value(one.requestLatencyP95Ms, time(one.requestLatencyP95Ms)),
        {
          shown:
            one.carriedOver === null ? `measured: ${one.restsOn}` : html`<em>extrapolated</em>, ${one.carriedOver}`,
          isText: true,
        },
      ],
    })),
  )
}

function dayTable({ day }: CapacityView): Html {
  return cardTable(
    [column('Hour'), numbers('Requests/s'), numbers('Utilisation'), numbers('Replicas needed')],
    day.map(({ hour, requestsPerS, utilisation, replicas }) => ({
      cells: [
        `${hour}:00`,
        value(requestsPerS, figure(requestsPerS)),
        value(utilisation, percent(utilisation)),
        value(replicas, figure(replicas)),
      ],
    })),
  )
}

/** A number of nodes, marked if more are needed than available. */
const nodesCell = (nodes: number, fits: boolean) =>
  value(nodes, fits ? figure(nodes) : html`<em>${figure(nodes)}, too many</em>`)

function monthsTable({ months }: CapacityView): Html {
  return cardTable(
    [column('Month'), numbers('Peak requests/s'), numbers('Replicas'), numbers('Nodes')],
    months.map(one => ({
      cells: [
        `month ${one.month}`,
        value(one.peakRequestsPerS, figure(one.peakRequestsPerS)),
        value(one.replicas, figure(one.replicas)),
        nodesCell(one.nodes, one.fits),
      ],
    })),
  )
}

function candidatesTable({ candidates }: CapacityView): Html {
  return cardTable(
    [
      column('Deployment'),
      numbers('Requests/s per replica'),
      numbers('Replicas'),
      numbers('GPUs'),
      numbers('Nodes'),
      numbers('Used at the peak'),
      numbers('Cost per hour'),
      numbers('Per million tokens'),
    ],
    candidates.map(one => ({
      cells: [
        one.deployment,
        value(one.requestsPerSPerReplica, figure(one.requestsPerSPerReplica)),
        value(one.replicas, figure(one.replicas)),
        value(one.gpus, figure(one.gpus)),
        nodesCell(one.nodes, one.fits),
        value(one.utilisation, percent(one.utilisation)),
        value(one.cost.perHour, money(one.cost.perHour, one.cost)),
        value(one.cost.perMillionTokens, money(one.cost.perMillionTokens, one.cost)),
      ],
    })),
  )
}

function sensitivityTable({ sensitivity }: CapacityView, answer: CandidateView): Html {
  return cardTable(
    [
      column('Assumption'),
      numbers('By'),
      column('Effect'),
      numbers('GPUs'),
      numbers('Nodes'),
      numbers('Headroom'),
      numbers('Cost per hour'),
    ],
    sensitivity.map(({ assumption, by, best, ...rest }) => ({
      cells: [
        assumption,
        value(by, signed(by)),
        {
          shown: best === null ? html`<em>not servable</em>` : effectText({ assumption, by, best, ...rest }, answer),
          isText: true,
        },
        value(best?.gpus, figure(best?.gpus)),
        value(best?.nodes, figure(best?.nodes)),
        value(best?.headroom, best === null ? '–' : percent(best.headroom)),
        value(best?.costPerHour, best === null ? '–' : money(best.costPerHour, answer.cost)),
      ],
    })),
  )
}

function evidenceTable({ evidence }: CapacityView): Html {
  return cardTable(
    [
      column('Point'),
      column('Deployment'),
      column('Workload'),
      column('Load'),
      numbers('Requests/s'),
      numbers('TTFT p95'),
      numbers('ITL p95'),
      numbers('Repeats'),
      column('Use'),
    ],
    evidence.map(one => ({
      cells: [
        html`<code>${one.pointIds[0] ?? ''}</code>`,
        one.deployment,
        one.workload,
        one.load,
        value(one.requestsPerS, figure(one.requestsPerS)),
        value(one.ttftP95Ms, time(one.ttftP95Ms)),
        value(one.itlP95Ms, time(one.itlP95Ms)),
        value(one.repeats, figure(one.repeats)),
        evidenceUse(one.use),
      ],
    })),
  )
}

function refusedSection({ refused }: CapacityView): Html | null {
  if (refused.length === 0) return null
  return html`<section><h2>Left out</h2><ul class="sure">${refused.map(({ label, why }) => html`<li>${label}: ${why}</li>`)}</ul></section>`
}
