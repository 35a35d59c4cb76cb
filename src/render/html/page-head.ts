import { type Html, html, trusted } from './html.ts'
import type { Inline } from './inline-script.ts'

/** Input of a page's head. */
export interface PageHeadOptions {
  readonly title: string
  readonly styles: readonly Inline[]
  readonly scripts: readonly Inline[]
  /** Whether the page has inline images (`data:`); default: true. */
  readonly images?: boolean
}

/**
 * The start of a single-file page, up to its body. Its policy allows only the scripts and styles whose hashes it lists,
 * and no external content.
 */
export function pageHead({ title, styles, scripts, images = true }: PageHeadOptions): Html {
  const hashes = (all: readonly Inline[]) => all.map(({ hash }) => `'${hash}'`).join(' ')
  const policy = [
    "default-src 'none'",
    `script-src ${hashes(scripts)}`,
    `style-src ${hashes(styles)}`,
    ...(images ? ['img-src data:'] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
${styles.map(({ text }) => html`<style>${trusted(text)}</style>\n`)}
</head>`
}
