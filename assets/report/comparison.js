// @ts-check
/**
 * The comparison page's script: filters the table of all figures, keeps the filter in the address, and saves the rows
 * that are shown.
 */
;(() => {
  const { chartModules, chartTools } = /** @type {any} */ (globalThis)
  /** @type {typeof import('../../src/render/page/chart-modules.ts')} */
  const modules = chartModules
  const bar = /** @type {HTMLFormElement | null} */ (document.querySelector('[data-filter]'))
  const table = /** @type {HTMLTableElement | null} */ (document.querySelector('#figures table'))
  if (bar === null || table === null) return
  const rows = /** @type {HTMLTableRowElement[]} */ ([...table.tBodies[0]?.rows ?? []])
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (bar.elements.namedItem(name))
  const names = ['verdict', 'figure', 'find']
  const first = { verdict: '', figure: '', find: '' }
  const count = /** @type {HTMLElement} */ (bar.querySelector('.count'))

  /** @param {Record<string, string>} state */
  function show(state) {
    for (const name of names) field(name).value = state[name] ?? ''
    const words = (state.find ?? '').toLowerCase().split(/\s+/).filter(Boolean)
    let shown = 0
    for (const row of rows) {
      const text = (row.textContent ?? '').toLowerCase()
      row.hidden =
        (state.verdict !== '' && row.dataset.mark !== state.verdict) ||
        (state.figure !== '' && row.dataset.of !== state.figure) ||
        !words.every(word => text.includes(word))
      if (!row.hidden) shown++
    }
    count.textContent = `${shown.toLocaleString('en-US')} of ${rows.length.toLocaleString('en-US')} figures`
  }

  const link = chartTools.linkState(first, show)
  bar.addEventListener('input', () => {
    const state = Object.fromEntries(names.map(name => [name, field(name).value]))
    link.write(state)
    show(state)
  })
  bar.addEventListener('submit', event => event.preventDefault())

  const head = [...table.tHead?.rows[0]?.cells ?? []].map(cell => cell.textContent ?? '')
  const cells = (/** @type {HTMLTableRowElement} */ row) =>
    [...row.cells].map(cell => (cell.dataset.v === undefined ? (cell.textContent ?? '') : cell.dataset.v === '' ? null : Number(cell.dataset.v)))
  chartTools.exportsOf(/** @type {HTMLElement} */ (document.querySelector('[data-save-rows]')), {
    name: () => 'comparison',
    csv: () => modules.csvText(head, rows.filter(row => !row.hidden).map(cells)),
  })
  bar.hidden = false
  show(link.read())
})()
