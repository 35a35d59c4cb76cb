// @ts-check
/**
 * The history page's script: two nights are chosen in the lists or on the charts, and compared: by a link where the page
 * is served, by a command to copy where it is a file.
 */
;(() => {
  const { figures, chartTools } = /** @type {any} */ (globalThis)
  /** @type {{ runs: { at: string, place: string, folder: string }[], served: boolean }} */
  const { runs, served } = figures.data
  const one = (/** @type {string} */ selector) => /** @type {HTMLElement | null} */ (document.querySelector(selector))
  const form = /** @type {HTMLFormElement | null} */ (one('[data-two]'))
  if (form === null) return
  const select = (/** @type {string} */ name) => /** @type {HTMLSelectElement} */ (form.elements.namedItem(name))
  const [base, head] = [select('base'), select('head')]
  for (const list of [base, head])
    for (const option of list.options) {
      const run = runs[Number(option.value)]
      if (run) option.textContent = `${figures.localTime(new Date(run.at))}${option.dataset.rest ?? ''}`
    }

  const first = { base: base.value, head: head.value }
  const link = chartTools.linkState(first, (/** @type {any} */ state) => show(state))

  /** @param {string} word */
  const quoted = word => (/^[\w@%+:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

  /** @param {{ base: string, head: string }} state */
  function show(state) {
    const [from, to] = [runs[Number(state.base)], runs[Number(state.head)]]
    if (!from || !to) return
    base.value = state.base
    head.value = state.head
    figures.signal('base', from.at)
    figures.signal('head', to.at)
    const place = one('[data-compare]')
    if (from === to) return place?.replaceChildren('Choose two different runs.')
    if (served) {
      const go = document.createElement('a')
      go.className = 'go'
      go.href = `/compare?base=${encodeURIComponent(from.place)}&head=${encodeURIComponent(to.place)}`
      go.textContent = 'Compare these two runs'
      return place?.replaceChildren(go)
    }
    const code = document.createElement('code')
    code.className = 'all'
    code.tabIndex = 0
    code.textContent = `fulcrum compare ${quoted(from.folder)} ${quoted(to.folder)} --to comparison`
    const pre = document.createElement('pre')
    pre.append(code)
    const copy = document.createElement('button')
    copy.type = 'button'
    copy.textContent = 'Copy the command'
    copy.addEventListener('click', async () => {
      await navigator.clipboard?.writeText(code.textContent ?? '').catch(() => {})
      getSelection()?.selectAllChildren(code)
      copy.textContent = 'Copied'
    })
    place?.replaceChildren(pre, copy)
  }

  /** @param {{ base: string, head: string }} state */
  function go(state) {
    link.write(state)
    show(state)
  }

  form.addEventListener('input', () => go({ base: base.value, head: head.value }))
  form.addEventListener('submit', event => event.preventDefault())
  /** The last one that was clicked; before any, the head. @type {number | null} */
  let clicked = null
  figures.onClick((/** @type {any} */ { run }) => {
    if (typeof run !== 'number') return
    const [a, b] = [clicked ?? Number(head.value), run].sort((x, y) => x - y)
    clicked = run
    if (a !== b) go({ base: String(a), head: String(b) })
  })
  form.hidden = false
  show(/** @type {any} */ (link.read()))
})()
