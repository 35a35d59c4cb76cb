import type { Html } from './html.ts'
import { html } from './html.ts'

/** A page above this one, if pages are served together. */
export interface Crumb {
  readonly href: string
  readonly text: string
}

/** Breadcrumbs to the pages above; nothing for a standalone file. */
export function crumbTrail(trail: readonly Crumb[]): Html | null {
  if (trail.length === 0) return null
  return html`<nav class="crumbs" aria-label="Breadcrumb"><ol>${trail.map(
    ({ href, text }) => html`<li><a href="${href}">${text}</a></li>`,
  )}</ol></nav>`
}
