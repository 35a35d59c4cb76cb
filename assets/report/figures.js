// @ts-check
/**
 * Draws the charts of the comparison and the history page in the width that there is, with what is under the pointer
 * beside it; saves them; and writes times in the reader's zone. Loaded after Vega and the chart tools.
 */
;(() => {
  const { chartTools, chartViews } = /** @type {any} */ (globalThis)
  const { viewOf, hasSignal: has, themeName } = chartViews
  const data = JSON.parse(document.getElementById('figure-data')?.textContent ?? '{}')
  const root = document.documentElement

  /** @type {Map<HTMLElement, any>} */
  const views = new Map()
  /** Signals that every chart has, as they are now. @type {Map<string, unknown>} */
  const signals = new Map()
  /** @type {((datum: any) => void)[]} */
  const listeners = []

  /** @param {HTMLElement} place */
  async function draw(place) {
    const theme = data.themes[themeName()]
    const spec = data.charts[Number(place.dataset.figure)][themeName()]
    views.get(place)?.finalize()
    place.hidden = false
    place.replaceChildren()
    const view = viewOf(spec, place, theme, theme.paper)
    views.set(place, view)
    for (const [name, value] of signals) if (has(spec, name)) view.signal(name, value)
    chartViews.onClick(view, (/** @type {any} */ datum) => {
      for (const listener of listeners) listener(datum)
    })
    await view.runAsync()
    place.dataset.drawn = themeName()
    const save = /** @type {HTMLElement | null} */ (place.nextElementSibling)
    if (save?.matches('[data-save-figure]')) {
      save.hidden = false
      chartTools.exportsOf(save, { name: () => place.dataset.name ?? 'chart', svg: () => view.toSVG() })
    }
  }

  const places = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-figure]')])
  const redraw = () => Promise.all(places.map(draw))

  /** Local time, and the zone's own name for it. @param {Date} date */
  function localTime(date) {
    const two = (/** @type {number} */ n) => String(n).padStart(2, '0')
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`
  }
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll('time[data-local]'))) {
    time.title = `${time.dateTime.slice(0, 16).replace('T', ' ')} UTC`
    time.textContent = localTime(new Date(time.dateTime))
  }
  const zone = new Intl.DateTimeFormat('en-US', { timeZoneName: 'shortOffset' })
    .formatToParts(new Date())
    .find(({ type }) => type === 'timeZoneName')?.value
  for (const place of document.querySelectorAll('[data-zone]')) place.textContent = `your local time (${zone ?? 'UTC'})`

  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
  addEventListener('beforeprint', () => {
    root.dataset.theme = 'light'
    redraw()
  })
  addEventListener('afterprint', () => {
    delete root.dataset.theme
    redraw()
  })

  root.classList.add('drawn')
  redraw()
  Object.assign(globalThis, {
    figures: {
      data,
      localTime,
      /** @param {(datum: any) => void} listener called with the row of a mark that is clicked */
      onClick: listener => listeners.push(listener),
      /** @param {string} name @param {unknown} value */
      signal(name, value) {
        signals.set(name, value)
        for (const [place, view] of views)
          if (has(data.charts[Number(place.dataset.figure)][themeName()], name)) view.signal(name, value).runAsync()
      },
    },
  })
})()
