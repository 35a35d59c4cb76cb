import { dayShapes } from '../../analysis/capacity/day-shape.ts'
import type { CapacityQuestion } from '../../analysis/capacity/question.ts'
import { formOf, givenDay, weightsOf } from '../page/capacity/form.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

/** The inputs of the capacity page. They are hidden without scripts, because they would have no effect. */
export function capacityForm(question: CapacityQuestion): Html {
  const form = formOf(question)
  const weights = weightsOf(form)
  const { mix } = question.traffic
  const input = (name: string, label: string, value: string, unit = '', attributes: Html | null = null) =>
    html`<div class="field"${attributes}><label for="f-${name}">${label}</label><span class="box"><input id="f-${name}" name="${name}" value="${value}" inputmode="decimal" autocomplete="off" spellcheck="false" aria-describedby="p-${name}">${unit === '' ? null : html`<span class="unit">${unit}</span>`}</span><p class="problem" id="p-${name}"></p></div>`
  const select = (
    name: string,
    label: string,
    options: readonly (readonly [value: string, text: string])[],
    chosen: string,
  ) =>
    html`<div class="field"><label for="f-${name}">${label}</label><span class="box"><select id="f-${name}" name="${name}">${options.map(
      ([value, text]) => html`<option value="${value}"${value === chosen ? html` selected` : null}>${text}</option>`,
    )}</select></span></div>`
  const days = [...(form.day === givenDay ? [givenDay] : []), ...Object.keys(dayShapes)]
  return html`<details class="ask" data-ask hidden><summary>Change traffic, SLO, price, headroom</summary>
<form data-form aria-label="What is planned for" novalidate>
<fieldset><legend>Traffic</legend>
${select(
  'demand',
  'Amount of',
  [
    ['peak', 'requests/s at the peak'],
    ['mean', 'mean requests/s'],
    ['users', 'concurrent users'],
  ],
  form.demand,
)}
${input('amount', 'Amount', form.amount)}
${input('think', 'Think time', form.think, 's', html` data-only="users"`)}
${mix.map(({ name }, i) => input(`mix-${i}`, mix.length === 1 ? `Requests ${name}` : `Share of ${name}`, weights[i] ?? '', '%', mix.length === 1 ? html` hidden` : null))}
${select(
  'day',
  'Shape of a day',
  days.map(day => [day, day]),
  form.day,
)}
${input('growth', 'Growth per month', form.growth, '%')}
${input('months', 'Months to plan for', form.months)}
</fieldset>
<fieldset><legend>SLO, at p95 (empty: no limit)</legend>
${input('slo-ttft-p95', 'TTFT', form['slo-ttft-p95'], 'ms')}
${input('slo-itl-p95', 'ITL', form['slo-itl-p95'], 'ms')}
${input('slo-latency-p95', 'Request latency', form['slo-latency-p95'], 'ms')}
</fieldset>
<fieldset><legend>Price and machines</legend>
${input('price', 'Price of a GPU-hour', form.price)}
${input('currency', 'Currency', form.currency)}
${input('gpus-per-node', 'GPUs per node', form['gpus-per-node'])}
${input('nodes', 'Available nodes (empty: any number)', form.nodes)}
${input('nodes-lost', 'Headroom: nodes that may be lost', form['nodes-lost'])}
</fieldset>
<div class="exports"><button type="reset" data-reset>As planned at first</button></div>
</form>
<p class="stale" data-stale role="status"></p>
</details>`
}
