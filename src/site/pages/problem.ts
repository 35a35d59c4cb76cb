import { html } from '../../render/html/html.ts'
import type { SiteResponse } from '../response.ts'
import type { SiteAssets } from './layout.ts'
import { layout } from './layout.ts'

/** What went wrong, where, and what to do. */
export interface Problem {
  readonly status: number
  readonly title: string
  readonly message: string
  readonly remedy?: string | undefined
}

/** An error page with a link back. */
export function problemPage(assets: SiteAssets, { status, title, message, remedy }: Problem): SiteResponse {
  const main = html`<section><p>${message}</p>${remedy === undefined ? null : html`<p>${remedy}</p>`}<p><a href="/">All runs</a></p></section>`
  return { ...layout(assets, { title, trail: [], head: null, main, scripts: [] }), status }
}
