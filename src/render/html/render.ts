import type * as Vega from 'vega'
import type * as VegaLite from 'vega-lite'
import type { TopLevelSpec } from 'vega-lite'
import type { Theme } from './theme.ts'
import { vegaConfig } from './theme.ts'

/**
 * The bundles that a page gets, too: two files instead of 350 modules, which take 0.1 s of CPU more to load. As scripts
 * for browsers, they leave their exports on the global object.
 */
async function loadBundles(): Promise<{ readonly vega: typeof Vega; readonly vegaLite: typeof VegaLite }> {
  await import(import.meta.resolve('vega').replace(/[^/]+$/, 'vega.min.js'))
  await import(import.meta.resolve('vega-lite').replace(/[^/]+$/, 'vega-lite.min.js'))
  return globalThis as never
}

const { vega, vegaLite } = await loadBundles()

/** The Vega specification of a Vega-Lite one; what the page ships, so that it need not carry Vega-Lite. */
export function vegaOf(spec: TopLevelSpec): Vega.Spec {
  return vegaLite.compile(spec).spec
}

/** A Vega specification without the colours of a theme: the page gives them. */
export function pageSpec(spec: TopLevelSpec): object {
  const { config: _theme, background: _paper, ...vega } = vegaOf(spec)
  return vega
}

/**
 * Draws a specification without a browser. Its expressions are our own, so they are compiled: no policy forbids that
 * here.
 */
export async function svgOf(spec: TopLevelSpec): Promise<string> {
  const view = new vega.View(vega.parse(vegaOf(spec)), { renderer: 'none', logLevel: vega.Error })
  try {
    return await view.toSVG()
  } finally {
    view.finalize()
  }
}

/** A theme's configuration as Vega reads it, so that a compiled specification can be given another theme. */
export function vegaConfigOf(theme: Theme): object {
  return vegaOf({ data: { values: [] }, mark: 'point', config: vegaConfig(theme) }).config ?? {}
}
