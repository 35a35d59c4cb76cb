import type { TopLevelSpec } from 'vega-lite'
import type { Html } from './html.ts'
import { html, trusted } from './html.ts'
import { svgOf } from './render.ts'
import type { Theme } from './theme.ts'
import { dark, light } from './theme.ts'

/** A picture for pages without scripts, in both themes. CSS shows the right one. */
export async function picture(label: string, draw: (theme: Theme) => TopLevelSpec): Promise<Html> {
  const [forLight, forDark] = await Promise.all([svgOf(draw(light)), svgOf(draw(dark))])
  return html`<div class="picture" role="img" aria-label="${label}"><div class="when-light">${trusted(forLight)}</div><div class="when-dark">${trusted(forDark)}</div></div>`
}
