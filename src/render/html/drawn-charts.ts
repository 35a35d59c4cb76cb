import type { TopLevelSpec } from 'vega-lite'
import type { Medium } from '../charts/medium.ts'
import { loadChartTools } from './chart-tools.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import type { Inline } from './inline-script.ts'
import { loadAsset, loadChartScripts, loadStyle } from './inline-script.ts'
import { picture } from './picture.ts'
import { pageSpec, vegaConfigOf } from './render.ts'
import type { Theme } from './theme.ts'
import { dark, light } from './theme.ts'

/** Charts that the page's script draws, each with a picture for pages without scripts. */
export interface DrawnCharts {
  /** Element that holds the chart. */
  place(label: string, name: string, draw: (theme: Theme, medium: Medium) => TopLevelSpec): Promise<Html>
  /** Data for the script. */
  data(): object
}

/** Collects the charts of one page. */
export function drawnCharts(): DrawnCharts {
  const charts: { readonly light: object; readonly dark: object }[] = []
  const compiled = (spec: TopLevelSpec) =>
    pageSpec({ ...spec, width: 'container', autosize: { type: 'fit-x', contains: 'padding' } } as TopLevelSpec)
  return {
    place: async (label, name, draw) => {
      const at = charts.push({ light: compiled(draw(light, 'page')), dark: compiled(draw(dark, 'page')) }) - 1
      const still = await picture(label, theme => draw(theme, 'file'))
      return html`<div class="still">${still}</div><div class="drawn-chart" data-figure="${at}" data-name="${name}" role="img" aria-label="${label}" hidden></div><div class="save" data-save-figure hidden></div>`
    },
    data: () => ({
      charts,
      themes: {
        light: { config: vegaConfigOf(light), paper: light.paper },
        dark: { config: vegaConfigOf(dark), paper: dark.paper },
      },
    }),
  }
}

/** Styles and scripts of a page with drawn charts. */
export interface DrawnPageAssets {
  readonly styles: readonly Inline[]
  readonly scripts: readonly Inline[]
}

/** Loads the assets of such a page: Vega, the shared tools, the drawing code, and the page's own script. */
export async function loadDrawnPageAssets(page: 'comparison' | 'history'): Promise<DrawnPageAssets> {
  const [style, own, charts, tools, figures, script] = await Promise.all([
    loadStyle(),
    loadAsset('report/figures.css'),
    loadChartScripts(),
    loadChartTools(),
    loadAsset('report/figures.js'),
    loadAsset(`report/${page}.js`),
  ])
  return { styles: [style, own], scripts: [...charts, ...tools, figures, script] }
}
