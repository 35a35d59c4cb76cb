import type { Html } from './html.ts'
import { html } from './html.ts'

/** A column of a {@link cardTable}. */
export interface Column {
  readonly title: string
  /** Whether it is right-aligned, like figures. */
  readonly isNumber?: boolean
}

/** A cell: the shown text, and the unrounded number behind it if there is one. */
export interface Cell {
  readonly shown: Html | string
  readonly value?: number | null
  /** Whether the text may wrap. */
  readonly isText?: boolean
}

/** A row with its own attributes. */
export interface Row {
  readonly cells: readonly (Cell | string | Html)[]
  readonly attributes?: Html
}

/** A column of texts. */
export const column = (title: string): Column => ({ title })

/** A column of figures, right-aligned. */
export const numbers = (title: string): Column => ({ title, isNumber: true })

/** A cell that shows a rounded number and keeps the exact one in `data-v`. */
export const value = (number: number | null | undefined, shown: Html | string): Cell => ({
  shown,
  value: number ?? null,
})

/**
 * A table that scrolls sideways if most of its columns fit. On a phone, it becomes a list of cards, one per row: the
 * first column is the card's title, and each other cell stands next to its column's name. Nothing is hidden to the
 * right.
 */
export function cardTable(columns: readonly Column[], rows: readonly Row[]): Html {
  const cells = ({ cells }: Row) =>
    cells.map((cell, i) => {
      const { title = '', isNumber } = columns[i] ?? {}
      const { shown, value, isText }: Cell = typeof cell === 'string' || 'html' in cell ? { shown: cell } : cell
      const kind = isText ? 'text' : isNumber ? 'n' : ''
      return html`<td${kind === '' ? null : html` class="${kind}"`} data-label="${title}"${value === undefined ? null : html` data-v="${value ?? ''}"`}>${shown}</td>`
    })
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Table"><table class="cards"><thead><tr>${columns.map(
    ({ title, isNumber }) => html`<th${isNumber ? html` class="n"` : null}>${title}</th>`,
  )}</tr></thead>
<tbody>${rows.map(row => html`<tr${row.attributes ?? null}>${cells(row)}</tr>\n`)}</tbody></table></div>`
}
