// @ts-check
/**
 * The script of an overlay's page: frontiers of many runs on axes to choose. Frontiers, scales, rows and files come from
 * modules of the sources (overlayModules, chartModules), the canvas is drawn by scene-canvas.js; here are controls and
 * events. Everything from the runs goes into the page as text, never as markup.
 */
;(() => {
  /** @type {typeof import('../../src/render/page/overlay/modules.ts')} */
  const modules = /** @type {any} */ (globalThis).overlayModules
  /** @type {typeof import('../../src/render/page/chart-modules.ts')} */
  const { panned, rangeOf, shareOf, valueAt, zoomed, listOf, listText } = /** @type {any} */ (globalThis).chartModules
  const tools = /** @type {any} */ (globalThis).chartTools
  const { render, forget } = /** @type {any} */ (globalThis).sceneCanvas
  const data = JSON.parse(document.getElementById('overlay-data')?.textContent ?? '{}')
  const model = modules.modelOf(data)
  const root = document.documentElement
  const place = (/** @type {string} */ name) => /** @type {any} */ (document.querySelector(`[data-${name}]`))
  const [plane, marks, over, tip] = ['plane', 'marks', 'over', 'tip'].map(place)

  /** @param {string} tag @param {Record<string, string>} [attributes] @param {...(Node | string)} children @returns {any} */
  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
    made.append(...children)
    return made
  }

  // ---- what the reader chose, in the address

  /** The point that the address names, by run and id. */
  function selectedPoint() {
    const [label = '', id = ''] = list(state.point)
    return model.find(label, id)
  }

  const allWorkloads = '*'
  const facets = data.facets.filter((/** @type {any} */ { values }) => values.length > 1)
  const link = tools.linkState(
    {
      ...{ x: data.first.x, y: data.first.y, log: '', workload: listText([data.first.workload]), hide: '', zoom: '' },
      ...{ point: '', rows: '' },
      ...Object.fromEntries(facets.map((/** @type {any} */ { name }) => [name, ''])),
    },
    (/** @type {Record<string, string>} */ asked) => {
      state = asked
      rebuild()
    },
  )
  /** @type {Record<string, string>} */
  let state = link.read()

  /** @param {string | undefined} text */
  const list = text => listOf(text ?? '')
  const isAxis = (/** @type {string | undefined} */ name) =>
    data.axes.some((/** @type {any} */ axis) => axis.name === name && axis.available)

  /** The state as the selection takes it. */
  function choice() {
    return {
      x: isAxis(state.x) ? (state.x ?? '') : data.first.x,
      y: isAxis(state.y) ? (state.y ?? '') : data.first.y,
      logX: state.log?.includes('x') ?? false,
      logY: state.log?.includes('y') ?? false,
      hidden: list(state.hide),
      workloads: state.workload === allWorkloads ? null : list(state.workload),
      facets: Object.fromEntries(
        facets.flatMap((/** @type {any} */ { name }) => (state[name] ? [[name, list(state[name])]] : [])),
      ),
    }
  }

  /** @param {Record<string, string>} change */
  function go(change) {
    state = { ...state, ...change }
    link.write(state)
  }

  // ---- theme

  const themeName = () => root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
  const look = () => ({ ...data.themes[themeName()], shapes: data.shapes, font: data.font })

  // ---- what is shown

  let chosen = choice()
  const select = modules.selector(model)
  let selection = select(chosen)
  /** What all points that have a place take. */
  let whole = windowOf()
  let view = whole
  /** @type {any} */
  let scene
  /** The points of picture and table, in the order of the table. */
  const shown = () => modules.shownPoints(model, selection, view)

  function windowOf() {
    const { placed, xs, ys } = selection
    const of = (/** @type {Float64Array} */ values) => placed.map(i => values[i] ?? Number.NaN)
    return { x: rangeOf(of(xs), chosen.logX), y: rangeOf(of(ys), chosen.logY) }
  }

  /** The window that the address asks for; everything without one, or with one that is none. */
  function zoomOfState() {
    const [x0, x1, y0, y1] = list(state.zoom).map(Number)
    const sound = (/** @type {number | undefined} */ min, /** @type {number | undefined} */ max, /** @type {boolean} */ log) =>
      min !== undefined && max !== undefined && Number.isFinite(min) && Number.isFinite(max) && min < max && (!log || min > 0)
    if (!sound(x0, x1, chosen.logX) || !sound(y0, y1, chosen.logY)) return whole
    return { x: { min: x0 ?? 0, max: x1 ?? 0, log: chosen.logX }, y: { min: y0 ?? 0, max: y1 ?? 0, log: chosen.logY } }
  }

  const axisOf = (/** @type {string} */ name) => data.axes.find((/** @type {any} */ axis) => axis.name === name)
  /** Titles say these units already. */
  const unitText = (/** @type {any} */ { title, unit }) => (['', 'tokens/s/user', 'tokens/s/GPU', 'tokens/s/MW', 'per 1M tokens'].includes(unit) ? title : `${title}, ${unit}`)
  const axisTitle = (/** @type {string} */ name) => {
    const axis = axisOf(name)
    return `${unitText(axis)} (${axis.better} is better)`
  }

  // ---- the picture

  let height = 0
  const ratio = () => Math.min(2, globalThis.devicePixelRatio || 1)

  function sceneNow() {
    const width = plane.clientWidth
    height = Math.max(320, Math.min(560, Math.round(width * 0.58)))
    return modules.sceneOf(model, selection, {
      window: view,
      size: { width, height },
      look: look(),
      axes: { x: axisTitle(chosen.x), y: axisTitle(chosen.y) },
    })
  }

  function drawPicture() {
    scene = sceneNow()
    // As wide as was drawn, to the pixel: a stretched canvas is blurred.
    for (const canvas of [marks, over]) {
      canvas.style.width = `${scene.width}px`
      canvas.style.height = `${height}px`
    }
    plane.style.height = `${height}px`
    render(marks, scene, ratio(), { paper: null, font: data.font })
    drawOver(-1)
  }

  /** The place of a point; null outside the plot. @param {number} i */
  function at(i) {
    const { plot } = scene
    const x = plot.left + shareOf(view.x, selection.xs[i] ?? Number.NaN) * (plot.right - plot.left)
    const y = plot.bottom - shareOf(view.y, selection.ys[i] ?? Number.NaN) * (plot.bottom - plot.top)
    return x >= plot.left - 1 && x <= plot.right + 1 && y >= plot.top - 1 && y <= plot.bottom + 1 ? { x, y } : null
  }

  /** @param {number} i */
  const isShown = i => scene.crowd.point.includes(i) || scene.front.point.includes(i)

  /** Rings around the selected point and the one under the pointer. @param {number} hovered */
  function drawOver(hovered) {
    const context = over.getContext('2d')
    over.width = Math.round(scene.width * ratio())
    over.height = Math.round(scene.height * ratio())
    context.scale(ratio(), ratio())
    const selected = selectedPoint()
    for (const i of new Set([selected, hovered])) {
      if (i === undefined || i < 0 || !isShown(i)) continue
      const where = at(i)
      if (where === null) continue
      context.beginPath()
      context.arc(where.x, where.y, 9, 0, 7)
      context.lineWidth = i === selected ? 2.2 : 1.4
      context.strokeStyle = look().ink
      context.stroke()
    }
  }

  /** The point nearest to a place, a frontier's before others at the same distance; -1 further away than 16 pixels. @param {number} x @param {number} y */
  function nearest(x, y) {
    let best = -1
    let least = 16 * 16
    for (const of of [scene.front, scene.crowd])
      for (let n = 0; n < of.x.length; n++) {
        const distance = (of.x[n] - x) ** 2 + (of.y[n] - y) ** 2
        if (distance < least) {
          least = distance
          best = of.point[n]
        }
      }
    return best
  }

  const runLabel = (/** @type {number} */ i) => data.runs[model.run[i] ?? 0].label
  const workloadName = (/** @type {number} */ i) => data.workloads[model.workload[i] ?? 0]
  const text = (/** @type {Uint32Array} */ column, /** @type {number} */ i) => data.texts[column[i] ?? 0]
  /** @param {string} axis @param {number} i */
  function valueOf(axis, i) {
    const value = model.figures.get(axis)?.[i] ?? Number.NaN
    return Number.isNaN(value) ? 'not available' : modules.valueText(axisOf(axis), value)
  }

  /** Figures that one of the shown points has: what no shown run has says nothing about a point. */
  function knownAxes() {
    const rows = shown()
    return data.axes.filter((/** @type {any} */ { name }) => {
      const values = model.figures.get(name)
      return values !== undefined && rows.some((/** @type {number} */ i) => !Number.isNaN(values[i] ?? Number.NaN))
    })
  }

  /** @param {string[][]} rows */
  const facts = rows => element('dl', {}, ...rows.map(([name = '', value = '']) => element('div', {}, element('dt', {}, name), element('dd', {}, value))))

  /** @param {number} i @param {number} x @param {number} y */
  function drawTip(i, x, y) {
    tip.hidden = i < 0
    if (i < 0) return
    tip.replaceChildren(
      element('b', {}, runLabel(i)),
      element('p', {}, `${text(model.deployment, i)}, ${workloadName(i)}, ${text(model.load, i)}`),
      facts([chosen.x, chosen.y].map(axis => [axisOf(axis).title, valueOf(axis, i)])),
      element('p', {}, modules.standingAt(model, selection, i)),
    )
    const right = x > scene.width / 2
    tip.style.left = right ? '' : `${x + 14}px`
    tip.style.right = right ? `${scene.width - x + 14}px` : ''
    tip.style.top = `${Math.max(0, Math.min(y + 14, height - 120))}px`
  }

  function drawDetail() {
    const i = selectedPoint()
    const into = place('detail')
    if (i === undefined) {
      into.replaceChildren(element('p', { class: 'eyebrow' }, 'Selected point'), element('p', { class: 'none' }, 'Click a mark or a row of the table.'))
      return
    }
    const status = modules.statuses[model.status[i] ?? 0] ?? ''
    into.replaceChildren(
      element('p', { class: 'eyebrow' }, 'Selected point'),
      element('h4', {}, runLabel(i)),
      element('p', { class: 'at' }, `${text(model.deployment, i)}, workload ${workloadName(i)}, ${text(model.load, i)}`),
      element('p', { class: `standing ${status}` }, modules.standingAt(model, selection, i)),
      facts([
        ...knownAxes().map((/** @type {any} */ axis) => [axis.title, valueOf(axis.name, i)]),
        ['GPUs', String(model.gpus[i])],
        ['Valid repeats', `${model.valid[i]} of ${model.repeats[i]}`],
        ...data.facets.flatMap((/** @type {any} */ { title, values }, /** @type {number} */ n) => {
          const value = values[model.facets[n]?.[i] ?? 0]
          return value === '' ? [] : [[title, value]]
        }),
        ['Figures are of', text(model.kind, i)],
        ['Point id', model.ids[i] ?? ''],
      ]),
    )
  }

  // ---- the table beside the picture: what is in it, on the frontier first

  /** Rows at first; fewer where each is a card. */
  const step = innerWidth <= 640 ? 12 : 100
  let most = step

  function drawTable() {
    const rows = state.rows === 'all' ? shown() : modules.shownFrontier(model, selection, view)
    const count = modules.shownCount(selection, view)
    const several = new Set(selection.groups.map(({ workload }) => workload)).size > 1
    const head = ['Run', ...(several ? ['Workload'] : []), 'Deployment', 'Load', 'GPUs', axisOf(chosen.x).title, axisOf(chosen.y).title, 'Standing', 'Valid repeats']
    const numeric = new Set(['GPUs', axisOf(chosen.x).title, axisOf(chosen.y).title, 'Valid repeats'])
    const selected = selectedPoint()
    const body = rows.slice(0, most).map(i => {
      const open = element('button', { type: 'button', class: 'row' }, runLabel(i))
      const cells = [open, ...(several ? [workloadName(i)] : []), text(model.deployment, i), text(model.load, i), String(model.gpus[i]), valueOf(chosen.x, i), valueOf(chosen.y, i), modules.standingAt(model, selection, i), `${model.valid[i]} of ${model.repeats[i]}`]
      open.addEventListener('click', () => selectPoint(i))
      const row = element('tr', { 'data-point': String(i), 'data-status': modules.statuses[model.status[i] ?? 0] ?? '' }, ...cells.map((cell, n) => element('td', { 'data-label': head[n] ?? '', ...(numeric.has(head[n] ?? '') ? { class: 'n' } : {}) }, cell)))
      if (i === selected) row.setAttribute('aria-current', 'true')
      return row
    })
    const table = element('table', { class: 'cards' }, element('thead', {}, element('tr', {}, ...head.map(name => element('th', numeric.has(name) ? { class: 'n' } : {}, name)))), element('tbody', {}, ...body))
    const kinds = /** @type {const} */ ([
      ['', 'On the frontiers'],
      ['all', 'All shown points'],
    ])
    const switches = kinds.map(([value, title]) => {
      const button = element('button', { type: 'button', 'aria-pressed': String((state.rows === 'all') === (value === 'all')) }, title)
      button.addEventListener('click', () => {
        most = step
        go({ rows: value })
        drawTable()
      })
      return button
    })
    const more = element('button', { type: 'button' }, `Show ${Math.min(step, rows.length - most)} more`)
    more.addEventListener('click', () => {
      most += step
      drawTable()
    })
    place('table').replaceChildren(
      element('h2', {}, 'Points'),
      element('div', { class: 'switch', role: 'group', 'aria-label': 'Rows' }, ...switches),
      element('p', { class: 'none', 'data-count': String(count) }, `${rows.length.toLocaleString('en-US')} ${rows.length === 1 ? 'row' : 'rows'}; ${count.toLocaleString('en-US')} of ${model.length.toLocaleString('en-US')} points are shown. CSV has each of those.`),
      element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Points' }, table),
      ...(rows.length > most ? [more] : []),
    )
  }

  /** @param {number} i */
  function selectPoint(i) {
    go({ point: listText([runLabel(i), model.ids[i]?.split(' ')[0] ?? '']) })
    drawOver(-1)
    drawDetail()
    for (const row of document.querySelectorAll('tr[aria-current]')) row.removeAttribute('aria-current')
    document.querySelector(`tr[data-point="${i}"]`)?.setAttribute('aria-current', 'true')
  }

  // ---- controls

  /** @param {'x' | 'y'} which */
  function axisControl(which) {
    const select = element('select', { id: `axis-${which}` })
    for (const axis of data.axes) {
      const option = element('option', { value: axis.name }, axis.available ? unitText(axis) : `${unitText(axis)}: not available`)
      option.disabled = !axis.available
      option.selected = axis.name === chosen[which]
      select.append(option)
    }
    select.addEventListener('change', () => {
      go({ [which]: select.value, zoom: '' })
      reselect()
    })
    const log = element('input', { type: 'checkbox' })
    log.checked = which === 'x' ? chosen.logX : chosen.logY
    log.addEventListener('change', () => {
      const rest = (state.log ?? '').replace(which, '')
      go({ log: log.checked ? [...rest, which].sort().join('') : rest, zoom: '' })
      reselect()
    })
    return element('div', { class: 'control' }, element('label', { for: `axis-${which}` }, which === 'x' ? 'Horizontal axis' : 'Vertical axis'), select, element('label', { class: 'check' }, log, ' logarithmic'))
  }

  /**
   * A list of values to choose from; all at first.
   * @param {string} name of the key in the address @param {string} title @param {readonly string[]} values
   * @param {string} all how the address says all
   */
  function filterControl(name, title, values, all) {
    const now = () => (state[name] === all ? null : list(state[name]))
    const summary = element('summary', {})
    const boxes = values.map(value => {
      const box = element('input', { type: 'checkbox' })
      box.checked = now()?.includes(value) ?? true
      box.addEventListener('change', () => {
        const picked = values.filter((_, n) => boxes[n]?.checked)
        go({ [name]: picked.length === values.length ? all : listText(picked.map(v => v)) || listText([none]), zoom: '' })
        say()
        reselect()
      })
      return box
    })
    const say = () => {
      const picked = values.filter((_, n) => boxes[n]?.checked)
      const told = picked.length === values.length ? 'all' : picked.length === 1 ? nameOf(picked[0] ?? '') : `${picked.length} of ${values.length}`
      summary.replaceChildren(element('span', {}, `${title}: `), told)
    }
    const everything = element('button', { type: 'button' }, 'All')
    everything.addEventListener('click', () => {
      for (const box of boxes) box.checked = true
      go({ [name]: all, zoom: '' })
      say()
      reselect()
    })
    say()
    const details = element('details', { class: 'filter', 'data-filter': name }, summary, element('div', { class: 'menu' }, everything, ...values.map((value, n) => element('label', { class: 'check' }, boxes[n], ` ${nameOf(value)}`))))
    return details
  }
  /** Stands for no value at all: no name of a run or workload begins with a control character. */
  const none = '\u0001'
  const nameOf = (/** @type {string} */ value) => (value === '' ? 'not stated' : value)

  function drawControls() {
    place('controls').replaceChildren(
      axisControl('x'),
      axisControl('y'),
      element(
        'div',
        { class: 'filters', role: 'group', 'aria-label': 'Filters' },
        ...(data.workloads.length > 1 ? [filterControl('workload', 'Workload', data.workloads, allWorkloads)] : []),
        ...facets.map((/** @type {any} */ { name, title, values }) => filterControl(name, title, values, '')),
      ),
    )
  }
  // One menu at a time, and none once the reader goes on elsewhere.
  document.addEventListener('click', event => {
    for (const menu of document.querySelectorAll('details.filter[open]'))
      if (!(event.target instanceof Node && menu.contains(event.target))) menu.removeAttribute('open')
  })

  document.addEventListener('keydown', event => {
    if (event.key !== 'Escape') return
    for (const menu of document.querySelectorAll('details.filter[open]')) menu.removeAttribute('open')
  })

  function drawLegend() {
    const { series } = look()
    const hidden = new Set(chosen.hidden)
    const buttons = data.runs.map((/** @type {any} */ { label, conditions }, /** @type {number} */ run) => {
      const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
      svg.setAttribute('viewBox', '-1.5 -1.5 3 3')
      svg.setAttribute('aria-hidden', 'true')
      const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
      path.setAttribute('d', modules.shapeOf(run, look()))
      path.setAttribute('fill', series[run % series.length] ?? '')
      svg.append(path)
      const about = conditions.length === 0 ? label : `${label}: measured under other conditions than ${data.runs[0].label} (${conditions.join(', ')})`
      const button = element('button', { type: 'button', 'aria-pressed': String(!hidden.has(label)), title: about }, svg, label, ...(conditions.length === 0 ? [] : [element('span', { class: 'apart', 'aria-label': 'other conditions' }, '≠')]))
      button.addEventListener('click', (/** @type {MouseEvent} */ event) => {
        const others = data.runs.map((/** @type {any} */ other) => other.label).filter((/** @type {string} */ other) => other !== label)
        const next = event.shiftKey ? others : hidden.has(label) ? chosen.hidden.filter(other => other !== label) : [...chosen.hidden, label]
        go({ hide: listText(next) })
        reselect()
      })
      return button
    })
    const all = element('button', { type: 'button', class: 'plain' }, 'Show all')
    all.addEventListener('click', () => {
      go({ hide: '' })
      reselect()
    })
    place('legend').replaceChildren(...buttons, ...(hidden.size > 0 ? [all] : []))
  }

  /** What the marks mean, for page and files. */
  let marksKey = ''

  function drawWords() {
    const said = modules.cautions(model, selection)
    place('cautions').replaceChildren(...said.map(sentence => element('p', {}, sentence)))
    const { placed, unplaced, onFrontier } = selection
    const some = (/** @type {(i: number) => boolean} */ is) => placed.some(is)
    const words = ['Large: on a frontier. Pale: not on it.']
    if (some(i => model.slo[i] === 2 && model.status[i] === 0)) words.push('Hollow: misses its SLO, never on a frontier.')
    if (some(i => model.status[i] !== 0)) words.push('Cross: invalid, never on a frontier.')
    if (unplaced.length > 0) {
      const failed = unplaced.filter(i => model.status[i] === 2).length
      const rest = unplaced.length - failed
      const points = (/** @type {number} */ n) => `${n.toLocaleString('en-US')} ${n === 1 ? 'point' : 'points'}`
      const parts = [...(failed > 0 ? [`${points(failed)} failed`] : []), ...(rest > 0 ? [`${points(rest)} ${rest === 1 ? 'has' : 'have'} no figure for these axes`] : [])]
      words.push(`Only in table and CSV: ${parts.join(', ')}.`)
    }
    if (placed.length === 0) words.splice(0, words.length, 'No point of these runs fits the filters and has figures for these axes.', ...words.slice(1))
    marksKey = words.join(' ')
    words.push('Drag to pan, Ctrl + wheel or double click to zoom. Shift-click a run to show it alone.')
    place('key').replaceChildren(words.join(' '))
    place('key').dataset.frontier = String(onFrontier.reduce((sum, on) => sum + on, 0))
  }

  // ---- keeping it all in step

  /** After another choice: which points, which frontiers. */
  function reselect() {
    chosen = choice()
    selection = select(chosen)
    whole = windowOf()
    view = zoomOfState()
    most = step
    drawPicture()
    drawLegend()
    drawWords()
    drawDetail()
    drawTableSoon()
  }

  /** A table that is to be drawn. */
  let due = 0

  /** The table after the picture has been painted: a reader looks there first, and a hundred rows take as long. */
  function drawTableSoon() {
    due++
    requestAnimationFrame(() =>
      setTimeout(() => {
        due--
        if (due === 0) drawTable()
      }, 0),
    )
  }

  /** After a change of the address by the reader: the controls, too. */
  function rebuild() {
    chosen = choice()
    drawControls()
    reselect()
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting
  let frame = 0
  /** After a movement of the window: the picture at once, the table when the movement has ended. */
  function moved() {
    if (frame === 0)
      frame = requestAnimationFrame(() => {
        frame = 0
        drawPicture()
      })
    clearTimeout(waiting)
    waiting = setTimeout(() => {
      waiting = undefined
      const digits = (/** @type {number} */ value) => String(Number(value.toPrecision(6)))
      const { x, y } = view
      go({ zoom: view === whole ? '' : listText([x.min, x.max, y.min, y.max].map(digits)) })
      view = zoomOfState()
      drawPicture()
      drawTable()
    }, 150)
  }

  const gestures = {
    zoom(/** @type {number} */ factor, /** @type {number} */ x, /** @type {number} */ y) {
      const { plot } = scene
      const across = Math.min(1, Math.max(0, (x - plot.left) / (plot.right - plot.left)))
      const up = Math.min(1, Math.max(0, (plot.bottom - y) / (plot.bottom - plot.top)))
      view = { x: zoomed(view.x, factor, across), y: zoomed(view.y, factor, up) }
      tip.hidden = true
      moved()
    },
    pan(/** @type {number} */ dx, /** @type {number} */ dy) {
      const { plot } = scene
      view = { x: panned(view.x, -dx / (plot.right - plot.left)), y: panned(view.y, dy / (plot.bottom - plot.top)) }
      moved()
    },
    reset() {
      view = whole
      moved()
    },
    hover(/** @type {number} */ x, /** @type {number} */ y) {
      const i = nearest(x, y)
      over.style.cursor = i < 0 ? 'grab' : 'pointer'
      drawOver(i)
      drawTip(i, x, y)
    },
    leave() {
      tip.hidden = true
      drawOver(-1)
    },
    click(/** @type {number} */ x, /** @type {number} */ y) {
      const i = nearest(x, y)
      if (i >= 0) selectPoint(i)
    },
  }

  // ---- files of what is shown

  function framedScene() {
    const hidden = new Set(chosen.hidden)
    const names = [...new Set(selection.placed.map(i => workloadName(i)))]
    const filters = facets.flatMap((/** @type {any} */ { name, title }) => (state[name] ? [`${title}: ${list(state[name]).map(nameOf).join(', ')}`] : []))
    return modules.framed(
      scene,
      {
        title: document.querySelector('h1')?.textContent ?? '',
        subtitle: [`Workload ${names.join(', ')}`, ...filters, `${modules.shownCount(selection, view).toLocaleString('en-US')} points${state.zoom ? ' (zoomed)' : ''}`].join(' · '),
        legend: data.runs.flatMap((/** @type {any} */ { label }, /** @type {number} */ run) => (hidden.has(label) ? [] : [{ run, text: label }])),
        notes: [marksKey, ...data.notices, ...modules.cautions(model, selection)],
      },
      look(),
    )
  }

  const files = {
    name: () => `overlay-${chosen.y}-by-${chosen.x}`,
    svg: () => modules.svgOf(framedScene(), look()),
    png: () => {
      const canvas = document.createElement('canvas')
      render(canvas, framedScene(), 2, look())
      return tools.blobOf(canvas)
    },
    csv: () => modules.overlayCsv(model, selection, shown()),
  }

  // ---- begin

  const toggle = place('theme-toggle')
  function repaint() {
    forget()
    drawPicture()
    drawLegend()
  }
  toggle.addEventListener('click', () => {
    root.dataset.theme = themeName() === 'dark' ? 'light' : 'dark'
    repaint()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', repaint)
  for (const part of [toggle, plane, place('controls'), place('tools')]) part.hidden = false
  root.classList.add('drawn')
  tools.gesturesOn(over, gestures)
  tools.zoomButtons(place('zoom'), over, gestures)
  tools.exportsOf(place('exports'), files)
  rebuild()
  let width = plane.clientWidth
  new ResizeObserver(() => {
    if (plane.clientWidth === width || plane.clientWidth === 0) return
    width = plane.clientWidth
    drawPicture()
  }).observe(plane)
  addEventListener('beforeprint', () => {
    root.dataset.before = root.dataset.theme ?? ''
    root.dataset.theme = 'light'
    repaint()
  })
  addEventListener('afterprint', () => {
    if (root.dataset.before) root.dataset.theme = root.dataset.before
    else delete root.dataset.theme
    repaint()
  })
  Object.assign(globalThis, {
    fulcrumOverlay: {
      files,
      /** Whether picture, table and address are in step. */
      settled: () => due === 0 && frame === 0 && waiting === undefined,
      data,
      model,
      shown,
      selection: () => selection,
      /** Where a point is, in pixels of the canvas. */
      at,
      valueAt: (/** @type {number} */ x, /** @type {number} */ y) => {
        const { plot } = scene
        return [valueAt(view.x, (x - plot.left) / (plot.right - plot.left)), valueAt(view.y, (plot.bottom - y) / (plot.bottom - plot.top))]
      },
    },
  })
})()
