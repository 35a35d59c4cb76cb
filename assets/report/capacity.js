// @ts-check
/**
 * The capacity page's script: reads the form, plans again with the code of `fulcrum capacity`, and writes the plan where
 * the first one stood. What is asked is in the address, so that a plan can be sent as a link.
 */
;(() => {
  const { capacityModules, capacityTwin, chartTools } = /** @type {any} */ (globalThis)
  /** @type {typeof import('../../src/render/page/capacity/modules.ts')} */
  const modules = capacityModules
  /** @type {import('../../src/render/page/capacity/data.ts').CapacityPageData} */
  const data = JSON.parse(document.getElementById('capacity-data')?.textContent ?? '{}')
  const ground = { points: data.points, run: data.run, twin: data.twin === null ? null : capacityTwin.planningTwin(capacityTwin.twinOfPlain(data.twin)) }
  const workloads = new Map(data.workloads)
  /** @typedef {import('../../src/render/page/capacity/form.ts').CapacityForm} CapacityForm */
  /** @type {CapacityForm} */
  const first = modules.formOf(data.question)

  const one = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (document.querySelector(selector))
  const form = /** @type {HTMLFormElement} */ (one('[data-form]'))
  const [ask, main, stale] = [/** @type {HTMLDetailsElement} */ (one('[data-ask]')), one('[data-plan]'), one('[data-stale]')]
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement | null} */ (form.elements.namedItem(name))
  const asFirst = { plan: main.innerHTML, headline: one('[data-headline]').textContent, asked: one('[data-asked]').textContent }

  let shown = { form: first, ...modules.planned(ground, data.question) }

  /** @returns {CapacityForm} */
  function read() {
    const values = Object.fromEntries(modules.formFields.map(name => [name, field(name)?.value ?? '']))
    const weights = data.question.traffic.mix.map((_, i) => (field(`mix-${i}`)?.value ?? '').trim().replace(/\s+/g, '_') || '_')
    return /** @type {CapacityForm} */ (/** @type {unknown} */ ({ ...values, mix: weights.join(' ') }))
  }

  /** @param {CapacityForm} values */
  function fill(values) {
    for (const name of modules.formFields) {
      const input = field(name)
      if (input) input.value = values[name]
    }
    for (const [i, weight] of modules.weightsOf(values).entries()) {
      const input = field(`mix-${i}`)
      if (input) input.value = weight
    }
  }

  const isFirst = (/** @type {CapacityForm} */ values) => modules.formFields.every(name => values[name] === first[name])

  /** @param {{readonly [field: string]: string}} problems */
  function say(problems) {
    for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll('input'))) {
      const problem = problems[input.name]
      input.toggleAttribute('aria-invalid', problem !== undefined)
      if (problem !== undefined) input.setAttribute('aria-invalid', 'true')
      const place = document.getElementById(`p-${input.name}`)
      if (place) place.textContent = problem ?? ''
    }
    const wrong = Object.keys(problems).length
    stale.textContent = wrong === 0 ? '' : 'The plan below is for what was asked before.'
    main.toggleAttribute('data-stale-plan', wrong > 0)
  }

  /** @param {CapacityForm} values */
  function plan(values) {
    const asked = modules.questionOfForm(values, data.question)
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll('[data-only]')))
      place.hidden = place.dataset.only !== values.demand
    if ('problems' in asked) return say(asked.problems)
    say({})
    shown = { form: values, ...modules.planned(ground, asked.question) }
    const back = isFirst(values)
    main.innerHTML = back ? asFirst.plan : modules.capacitySections(shown.view).html
    one('[data-headline]').textContent = back ? asFirst.headline : modules.headline(shown.view)
    one('[data-asked]').textContent = back ? asFirst.asked : `For ${modules.askedFor(shown.view)}`
    drawCommand(values)
  }

  /** The same plan from the command line. @param {CapacityForm} values */
  function drawCommand(values) {
    const command = modules.commandOfForm(values, data.question, workloads, data.run.folder)
    if (command === null) return
    const code = document.createElement('code')
    code.className = 'all'
    code.tabIndex = 0
    code.textContent = command
    const pre = document.createElement('pre')
    pre.append(code)
    const section = document.createElement('section')
    const title = document.createElement('h2')
    title.textContent = 'This plan on the command line'
    section.append(title, pre)
    section.dataset.command = ''
    main.append(section)
  }

  const link = chartTools.linkState(first, (/** @type {any} */ state) => {
    fill(state)
    plan(state)
  })

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let soon
  form.addEventListener('input', () => {
    clearTimeout(soon)
    soon = setTimeout(() => {
      const values = read()
      link.write(values)
      plan(values)
    }, 120)
  })
  form.addEventListener('submit', event => event.preventDefault())
  form.addEventListener('reset', event => {
    event.preventDefault()
    clearTimeout(soon)
    fill(first)
    link.write(first)
    plan(first)
  })

  chartTools.exportsOf(one('[data-save]'), {
    name: () => 'capacity',
    csv: () => modules.capacityCsv(shown.view),
  })
  ask.hidden = false
  ask.open = matchMedia('(min-width: 900px)').matches
  const begin = /** @type {any} */ (link.read())
  fill(begin)
  plan(begin)
  Object.assign(globalThis, { fulcrumCapacity: { csv: () => modules.capacityCsv(shown.view), view: () => shown.view } })
})()
