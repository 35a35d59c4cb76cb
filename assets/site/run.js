// @ts-check
/**
 * A run's page: listens to the run, draws its frontiers as points arrive, and keeps the table behind them in step. All that comes from
 * the run goes into the page as text.
 */
;(() => {
  const { chartViews } = /** @type {any} */ (globalThis)
  const { element, symbol, figure } = chartViews
  const data = JSON.parse(document.getElementById('page-data')?.textContent ?? '{}')
  const root = document.documentElement
  const darkness = matchMedia('(prefers-color-scheme: dark)')
  const theme = () => data.themes[darkness.matches ? 'dark' : 'light']
  const find = (/** @type {string} */ name) => /** @type {HTMLElement} */ (document.querySelector(`[data-${name}]`))

  /** @type {Map<string, any>} every point by key */
  const points = new Map()
  /** @type {Map<string, any>} views by workload */
  const views = new Map()
  /** @type {{series: string[], workloads: {name: string, spec: object}[]}} */
  let charts = { series: [], workloads: [] }
  /** @type {string[] | null} */
  let focus = null

  // ---- charts

  const rowsOf = (/** @type {string} */ workload) =>
    [...points.values()].filter(point => point.workload === workload).map(point => ({ ...point }))

  function drawAll() {
    for (const view of views.values()) view.finalize()
    views.clear()
    const places = charts.workloads.map(({ name, spec }) => {
      const place = element('div', { class: 'chart tall', 'data-chart': name })
      requestAnimationFrame(() => place.isConnected && draw(name, spec, place))
      return element('figure', {}, element('figcaption', {}, element('h3', {}, `Workload ${name}`)), place)
    })
    find('charts').replaceChildren(...places)
    drawLegend()
  }

  /** @param {string} name @param {object} spec @param {HTMLElement} place */
  async function draw(name, spec, place) {
    const view = chartViews.viewOf(spec, place, theme())
    views.set(name, view)
    view.signal('focus', focus)
    view.data('points', rowsOf(name))
    chartViews.onClick(view, (/** @type {any} */ datum) => {
      if (datum.key) location.assign(`${data.report}#point=${encodeURIComponent(datum.key)}`)
    })
    await view.runAsync()
    place.dataset.drawn = String(rowsOf(name).length)
  }

  /** @param {Set<string>} workloads whose points have changed */
  async function redraw(workloads) {
    for (const name of workloads) {
      const view = views.get(name)
      if (!view) continue
      const rows = rowsOf(name)
      await view.data('points', rows).runAsync()
      const place = [...document.querySelectorAll('[data-chart]')].find(p => p.getAttribute('data-chart') === name)
      place?.setAttribute('data-drawn', String(rows.length))
    }
  }

  /** A button a deployment; several can be in focus. */
  function drawLegend() {
    const colours = theme().series
    find('legend').replaceChildren(
      ...chartViews.legendButtons(
        charts.series.map((name, index) => ({
          name,
          mark: symbol(data.shapes[index % data.shapes.length], colours[index % colours.length]),
        })),
        focus,
        (/** @type {string[] | null} */ chosen) => {
          focus = chosen
          for (const view of views.values()) view.signal('focus', focus).runAsync()
          drawLegend()
        },
      ),
    )
  }

  // ---- words

  /** @param {number} seconds */
  const duration = seconds =>
    seconds < 60
      ? `${Math.round(seconds)} s`
      : seconds < 3600
        ? `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
        : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`

  /** @param {number} count @param {string} noun */
  const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`

  /** @param {any} status */
  function tell(status) {
    const { planned, ok, invalid, failed, missing, skipped } = status.points
    const done = planned - missing
    const progress = /** @type {HTMLProgressElement} */ (find('progress'))
    progress.max = Math.max(1, planned)
    progress.value = done
    const left = status.secondsLeft === null ? '' : `, about ${duration(status.secondsLeft)} left`
    const out = [invalid > 0 ? `${invalid} invalid` : '', failed > 0 ? `${failed} failed` : '', skipped > 0 ? `${skipped} left out by the search` : '']
    const not = out.filter(text => text !== '').join(', ')
    find('count').textContent = `${ok} ok${not === '' ? '' : `, ${not}`} of ${counted(planned, 'point')}${left}; ${counted(status.redeployments, 'deployment')}, ${counted(status.workersStarted, 'worker start')}`
    find('latest').textContent = status.latest === null ? 'Nothing measured yet.' : `Latest: ${status.latest}`
    find('latest-figures').replaceChildren(
      ...status.latestFigures.map((/** @type {string} */ line) => {
        const item = document.createElement('li')
        item.textContent = line
        return item
      }),
    )
    tellNow(status.now)
    find('state-text').replaceChildren(element('span', { class: 'state', 'data-state': status.state }, status.state))
  }

  /** The point in flight, with tiles for its figures. @param {any} now */
  function tellNow(now) {
    const place = find('now')
    place.hidden = now === null
    if (now === null) return
    find('now-what').textContent = now.what
    find('now-load').replaceChildren(
      ...now.load.map((/** @type {{ name: string, value: string }} */ { name, value }) =>
        element('div', {}, element('dt', {}, name), element('dd', {}, value)),
      ),
    )
    find('now-lines').replaceChildren(...now.lines.map((/** @type {string} */ line) => element('li', {}, line)))
  }

  function listFrontier() {
    const rows = [...points.values()]
      .filter(point => point.onFrontier)
      .sort((a, b) => (a.workload < b.workload ? -1 : a.workload > b.workload ? 1 : a.x - b.x))
    find('frontier').replaceChildren(
      ...rows.map(point =>
        element(
          'tr',
          { 'data-key': point.key },
          element('td', {}, point.workload),
          element('td', {}, element('a', { href: `${data.report}#point=${encodeURIComponent(point.key)}` }, point.deployment)),
          element('td', {}, point.load),
          element('td', { class: 'n' }, figure(point.x)),
          element('td', { class: 'n' }, figure(point.y)),
          element('td', {}, point.slo),
        ),
      ),
    )
  }

  // ---- the run

  const events = new EventSource(data.events)
  events.addEventListener('frame', event => {
    const frame = JSON.parse(event.data)
    // The first frame of a connection has everything.
    if (root.dataset.listening !== 'yes') points.clear()
    root.dataset.listening = 'yes'
    const changed = new Set()
    for (const key of frame.gone) {
      changed.add(points.get(key)?.workload)
      points.delete(key)
    }
    for (const point of frame.points) {
      changed.add(point.workload)
      points.set(point.key, point)
    }
    tell(frame.status)
    listFrontier()
    if (frame.charts) {
      charts = frame.charts
      drawAll()
    } else redraw(changed)
  })
  events.addEventListener('end', () => {
    events.close()
    root.dataset.listening = 'ended'
  })
  events.addEventListener('problem', event => {
    events.close()
    find('latest').textContent = JSON.parse(event.data).message
  })
  events.addEventListener('error', () => {
    if (root.dataset.listening === 'ended') return
    root.dataset.listening = 'lost'
    find('latest').textContent = 'The connection to fulcrum serve is lost; trying again.'
  })
  addEventListener('pagehide', () => events.close())
  darkness.addEventListener('change', drawAll)
})()
