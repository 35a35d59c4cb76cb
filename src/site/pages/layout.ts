import type { Crumb } from '../../render/html/crumbs.ts'
import { crumbTrail } from '../../render/html/crumbs.ts'
import type { Html } from '../../render/html/html.ts'
import { html, trusted } from '../../render/html/html.ts'
import type { Inline } from '../../render/html/inline-script.ts'
import type { SiteResponse } from '../response.ts'
import { page } from '../response.ts'

/** Scripts and styles that a page may use. */
export interface PageAssets {
  readonly scripts: readonly Inline[]
  readonly styles: readonly Inline[]
}

/** Scripts and styles of the site's pages. */
export interface SiteAssets {
  readonly styles: readonly Inline[]
  /** For the list of runs. */
  readonly list: readonly Inline[]
  /** For the page of a run: Vega and its callers. */
  readonly run: readonly Inline[]
  /** For a report, which contains its own. */
  readonly report: readonly Inline[]
  /** For an overlay, which contains its own. */
  readonly overlay: PageAssets
  /** For comparisons and histories, which contain their own. */
  readonly comparison: PageAssets
  readonly history: PageAssets
}

/** The parts of a page that differ from page to page. */
export interface Layout {
  readonly title: string
  readonly trail: readonly Crumb[]
  /** Markup below the page's title. */
  readonly head: Html | null
  readonly main: Html
  readonly scripts: readonly Inline[]
  /** Data for the page's script, safe as text of a script element. */
  readonly data?: Html
}

/** A page of the site itself. */
export function layout({ styles }: SiteAssets, { title, trail, head, main, scripts, data }: Layout): SiteResponse {
  const { html: body } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}: Fulcrum</title>
${styles.map(style => html`<style>${trusted(style.text)}</style>\n`)}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
${crumbTrail(trail)}
<header class="top"><p class="brand">Fulcrum</p>
<div class="title"><h1>${title}</h1>${head}</div></header>
<main id="main">
${main}
</main>
${data === undefined ? null : html`<script type="application/json" id="page-data">${data}</script>`}
${scripts.map(script => html`<script>${trusted(script.text)}</script>\n`)}
</body>
</html>
`
  return page(body, { scripts, styles })
}
