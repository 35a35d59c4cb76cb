import { type Html, html, trusted } from './html.ts'
import type { Inline } from './inline-script.ts'

/** What the head of a page is made from. */
export interface PageHeadOptions {
  readonly title: string
  readonly styles: readonly Inline[]
  readonly scripts: readonly Inline[]
  /** Whether the page shows pictures of its own (`data:`); true unless given. */
  readonly images?: boolean
}

/**
 * The beginning of a page that is one file, up to its body: its policy runs only the scripts and styles that it names
 * by hash, and lets nothing come from anywhere else.
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
