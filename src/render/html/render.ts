import * as vega from 'vega'
import type { TopLevelSpec } from 'vega-lite'
import { compile } from 'vega-lite'
import type { Theme } from './theme.ts'
import { vegaConfig } from './theme.ts'

/** The Vega specification of a Vega-Lite one; what the page ships, so that it need not carry Vega-Lite. */
export function vegaOf(spec: TopLevelSpec): vega.Spec {
  return compile(spec).spec
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
