import type { CapacityPageData } from '../page/capacity/data.ts'
import type { CapacityView } from '../views/capacity.ts'
import { askedFor, headline } from '../views/capacity-words.ts'
import { capacityForm } from './capacity-form.ts'
import { capacitySections } from './capacity-sections.ts'
import { loadChartTools } from './chart-tools.ts'
import { html, jsonForScript, trusted } from './html.ts'
import { loadAsset, loadStyle } from './inline-script.ts'
import { pageHead } from './page-head.ts'
import { loadPageModule } from './page-module.ts'

/**
 * capacity.html: one offline file that begins with the answer. The reader can change traffic, SLO, price and headroom;
 * the page's script then plans again with the code of `fulcrum capacity`.
 */
export async function capacityHtml(view: CapacityView, data: CapacityPageData): Promise<string> {
  const [style, own, tools, modules, twin, script] = await Promise.all([
    loadStyle(),
    loadAsset('report/capacity.css'),
    loadChartTools(),
    loadPageModule('render/page/capacity/modules', 'capacityModules'),
    data.twin === null ? null : loadPageModule('analysis/capacity/planning-twin', 'capacityTwin'),
    loadAsset('report/capacity.js'),
  ])
  const scripts = [...tools, modules, ...(twin === null ? [] : [twin]), script]
  const { run } = view
  const title = headline(view)
  const page = html`${pageHead({ title: `Capacity: ${title}`, styles: [style, own], scripts, images: false })}
<body class="capacity">
<header class="top"><p class="brand">Fulcrum capacity</p>
<div class="title"><h1 data-headline aria-live="polite">${title}</h1>
<p class="meta" data-asked>For ${askedFor(view)}</p>
<div class="save" data-save></div></div></header>
<div class="planner">
${capacityForm(view.question)}
<main data-plan>
${capacitySections(view)}
</main>
</div>
<footer><p>Written by Fulcrum from run ${run.sweep} ${run.runId}. Next to this file, capacity.json has every figure of the plan as it was made, and capacity.csv each deployment.</p></footer>
<noscript><p class="noscript">Changing what is planned for needs JavaScript. The plan itself is here.</p></noscript>
<script type="application/json" id="capacity-data">${jsonForScript(data)}</script>
${scripts.map(one => html`<script>${trusted(one.text)}</script>\n`)}
</body>
</html>
`
  return page.html
}
