// @ts-check
/** The list of runs: finds while you type, with the server's own answer, and keeps what was chosen for a comparison. */
;(() => {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector('form.search'))
  const input = /** @type {HTMLInputElement | null} */ (document.getElementById('q'))
  const found = document.getElementById('found')
  if (!form || !input || !found) return

  /** @type {AbortController | null} */
  let asking = null
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer

  /** Runs that are ticked, also while a search does not show them. @type {Set<string>} */
  const ticked = new Set()

  const chosen = () =>
    [.../** @type {NodeListOf<HTMLInputElement>} */ (found.querySelectorAll('input[type=radio]:checked'))].map(
      radio => ({ name: radio.name, value: radio.value }),
    )

  /** Once somebody chose, a search must not choose otherwise. */
  let touched = false
  found.addEventListener('change', event => {
    const input = /** @type {HTMLInputElement} */ (event.target)
    if (input.type !== 'checkbox') touched = true
    else if (input.checked) ticked.add(input.value)
    else ticked.delete(input.value)
    say()
  })

  /** The button says how many runs are ticked, since a search may hide some. */
  function say() {
    for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (found?.querySelectorAll('input[type=checkbox]') ?? []))
      box.checked = ticked.has(box.value)
    const button = found?.querySelector('[data-overlay]')
    if (button) button.textContent = ticked.size === 0 ? 'Overlay the ticked runs' : `Overlay ${ticked.size} ticked ${ticked.size === 1 ? 'run' : 'runs'}`
  }

  // Runs that are ticked and not in the list go with the others.
  found.addEventListener('submit', event => {
    const list = /** @type {HTMLFormElement} */ (event.target)
    for (const old of list.querySelectorAll('input[type=hidden]')) old.remove()
    for (const value of ticked) {
      if (list.querySelector(`input[name="run"][value="${CSS.escape(value)}"]`)) continue
      const hidden = document.createElement('input')
      hidden.type = 'hidden'
      hidden.name = 'run'
      hidden.value = value
      list.append(hidden)
    }
  })

  /** What changed since the run before, for the rows in view: each answer is a comparison, so two at a time. */
  let underWay = 0
  /** @type {HTMLElement[]} */
  const waiting = []
  const inView = new IntersectionObserver(entries => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue
      inView.unobserve(target)
      const cell = /** @type {HTMLElement | null} */ (target.querySelector('[data-since]'))
      if (cell) waiting.push(cell)
    }
    next()
  })

  function next() {
    while (underWay < 2) {
      const cell = waiting.shift()
      if (!cell) return
      if (!cell.isConnected) continue
      underWay += 1
      since(cell).finally(() => {
        underWay -= 1
        next()
      })
    }
  }

  /** @param {HTMLElement} cell */
  async function since(cell) {
    try {
      const response = await fetch(cell.dataset.since ?? '')
      if (!response.ok) return
      const { base, verdict, slower } = await response.json()
      if (base === null) return
      const head = /** @type {HTMLElement | null} */ (cell.closest('tr'))?.dataset.run ?? ''
      const link = document.createElement('a')
      link.href = `/compare?${new URLSearchParams({ base, head })}`
      link.textContent = slower === null ? 'not tested' : slower > 0 ? `slower at ${slower} ${slower === 1 ? 'point' : 'points'}` : 'not slower'
      link.title = verdict
      if (slower > 0) link.className = 'worse'
      cell.replaceChildren(link)
    } catch {
      // The site has stopped: the cell stays empty.
    }
  }

  const watchRows = () => {
    // The row, not the cell: on a narrow screen the cell may lie beside what is shown.
    for (const row of found.querySelectorAll('tr[data-run]')) inView.observe(row)
  }

  async function ask() {
    asking?.abort()
    asking = new AbortController()
    const sort = new URLSearchParams(location.search).get('sort')
    const asked = new URLSearchParams({ ...(input?.value ? { q: input.value } : {}), ...(sort ? { sort } : {}) })
    const url = asked.size > 0 ? `/?${asked}` : '/'
    try {
      const response = await fetch(url, { signal: asking.signal })
      const text = await response.text()
      const part = new DOMParser().parseFromString(text, 'text/html').getElementById('found')
      if (!part || !found) return
      const before = touched ? chosen() : []
      found.replaceChildren(...part.childNodes)
      for (const { name, value } of before) {
        const radio = /** @type {HTMLInputElement | null} */ (
          found.querySelector(`input[name="${name}"][value="${CSS.escape(value)}"]`)
        )
        if (radio) radio.checked = true
      }
      say()
      watchRows()
      history.replaceState(null, '', url)
    } catch {
      // Overtaken by the next word, or the site has stopped: the list stays as it was.
    }
  }

  // The browser may have kept ticks over a reload or on the way back.
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (found.querySelectorAll('input[type=checkbox]:checked'))) ticked.add(box.value)
  say()
  watchRows()

  input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(ask, 150)
  })
  form.addEventListener('submit', event => {
    event.preventDefault()
    clearTimeout(timer)
    ask()
  })
})()
