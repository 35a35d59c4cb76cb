import type { Html } from './html.ts'
import { html } from './html.ts'

/** A column of a {@link cardTable}. */
export interface Column {
  readonly title: string
  /** Aligned to the right, as figures are. */
  readonly isNumber?: boolean
}

/** A cell: what is shown, and the whole number behind it where there is one. */
export interface Cell {
  readonly shown: Html | string
  readonly value?: number | null
  /** Runs over several lines where it must. */
  readonly isText?: boolean
}

/** A row, with attributes of its own. */
export interface Row {
  readonly cells: readonly (Cell | string | Html)[]
  readonly attributes?: Html
}

export const column = (title: string): Column => ({ title })
export const numbers = (title: string): Column => ({ title, isNumber: true })
export const value = (number: number | null | undefined, shown: Html | string): Cell => ({
  shown,
  value: number ?? null,
})

/**
 * A table that scrolls sideways on its own where it has room for most of its columns, and on a phone is a list of
 * cards, one for each row: the first column is the card's title, each other cell stands beside its column's name. So
 * nothing is out of sight to the right.
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
