/** Safe HTML, from {@link html} or {@link trusted}. */
export interface Html {
  readonly html: string
}

type HtmlValue = Html | string | number | null | false | readonly HtmlValue[]

/** A template that escapes its values, so that untrusted text (model names, errors, logs) stays text. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return { html: strings.map((string, i) => string + (i < values.length ? htmlOf(values[i] ?? null) : '')).join('') }
}

/** Marks markup from elsewhere as safe. Never use it for untrusted text. */
export function trusted(markup: string): Html {
  return { html: markup }
}

function htmlOf(value: HtmlValue): string {
  if (value === null || value === false) return ''
  if (typeof value === 'string') return escapeHtml(value)
  if (typeof value === 'number') return String(value)
  if ('html' in value) return value.html
  return value.map(htmlOf).join('')
}

/** Safe in element content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => entities[character] ?? character)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** JSON for a `<script type="application/json">`, without `<`, so that nothing can close the element. */
export function jsonForScript(value: unknown): Html {
  return {
    html: JSON.stringify(value)
      .replace(/</g, '\\u003c')
      .replace(/\u2028/g, '\\u2028')
      .replace(/\u2029/g, '\\u2029'),
  }
}
