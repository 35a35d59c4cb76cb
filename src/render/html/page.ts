import { originOf } from '../../analysis/origin.ts'
import type { WorkloadChart } from '../charts/workload-chart.ts'
import { counted } from '../views/format.ts'
import type { Report } from '../views/report.ts'
import type { Crumb } from './crumbs.ts'
import { crumbTrail } from './crumbs.ts'
import type { Html } from './html.ts'
import { html, jsonForScript, trusted } from './html.ts'
import type { PageAssets } from './inline-script.ts'
import { pageData } from './page-data.ts'
import { pageHead } from './page-head.ts'
import { answerSection } from './sections/answer.ts'
import { environmentSection } from './sections/environment.ts'
import { leftOutSection } from './sections/left-out.ts'
import { overallSection } from './sections/overall.ts'
import { mixSection, tuningSection } from './sections/tuning.ts'
import { validitySection } from './sections/validity.ts'
import { wholeRunsSection } from './sections/whole-runs.ts'
import { workloadSection } from './sections/workload.ts'

/**
 * report/index.html: one offline file that runs only the scripts whose hashes its policy lists.
 * @param trail pages above this one, if pages are served together
 * @param charts the charts of each workload; default: all registered ones
 */
export function pageHtml(
  report: Report,
  assets: PageAssets,
  trail: readonly Crumb[] = [],
  charts?: readonly WorkloadChart[],
): string {
  const { manifest, results } = report.analysis.run
  const origin = originOf(manifest)
  const counts = (['ok', 'invalid', 'failed'] as const).flatMap(status => {
    const count = results.filter(result => result.status === status).length
    return count > 0 ? [`${count} ${status}`] : []
  })
  const page = html`${pageHead({ title: `${manifest.sweep}: Fulcrum report`, styles: [assets.style], scripts: assets.scripts })}
<body>
<a class="skip" href="#answer">Skip to the answer</a>
${crumbTrail(trail)}
<header class="top">
<p class="brand">${mark}Fulcrum</p>
<div class="title"><h1>${manifest.sweep}</h1>
<p class="meta">${counted(new Set(results.map(r => r.point.deployment.id)).size, 'deployment')} · ${counted(report.sections.length, 'workload')} · ${counted(results.length, 'measurement')} (${counts.join(', ')}) · <time datetime="${manifest.createdAt}">${manifest.createdAt.slice(0, 16).replace('T', ' ')} UTC</time></p>
${origin.notice === null ? null : html`<p class="notice">${origin.notice}</p>`}</div>
<button type="button" class="theme" data-theme-toggle aria-label="Switch between light and dark" hidden>◐</button>
</header>
<main>
${answerSection(report)}
${mixSection(report)}
${tuningSection(report)}
<nav class="tabs" data-tabs aria-label="Workload" hidden>${report.sections.map(
    section => html`<a href="#workload=${section.slug}" data-tab="${section.slug}">${section.analysis.name}</a>`,
  )}${report.overall === null ? null : html`<a href="#workload=${report.overall.slug}" data-tab="${report.overall.slug}">All workloads</a>`}</nav>
${report.sections.map(section => workloadSection(report, section, charts))}
${report.overall === null ? null : overallSection(report, report.overall)}
${leftOutSection(report)}
${wholeRunsSection(report)}
${validitySection(report)}
${environmentSection(report)}
</main>
<footer><p>Written by Fulcrum ${manifest.versions.fulcrum} from the run's journal. Next to this file: points.csv with every figure, summary.md, and each chart as a Vega-Lite specification and SVG.</p></footer>
<noscript><p class="noscript">Charts need JavaScript. Without it, open the SVG files next to this page. All tables are here.</p></noscript>
<script type="application/json" id="report-data">${jsonForScript(pageData(report, charts))}</script>
${assets.scripts.map(script => html`<script>${trusted(script.text)}</script>\n`)}
</body>
</html>
`
  return page.html
}

/** The logo: a beam on its fulcrum. */
const mark: Html = trusted(
  '<svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true"><path d="M3 13.5 29 8.5" stroke="currentColor" stroke-width="2.4" stroke-linecap="round"/><path d="M16 12.5 22.5 26h-13z" fill="currentColor"/><circle cx="7" cy="8.4" r="3" fill="currentColor"/></svg>',
)
