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

  const chosen = () =>
    [.../** @type {NodeListOf<HTMLInputElement>} */ (found.querySelectorAll('input[type=radio]:checked'))].map(
      radio => ({ name: radio.name, value: radio.value }),
    )

  /** Once somebody chose, a search must not choose otherwise. */
  let touched = false
  found.addEventListener('change', () => {
    touched = true
  })

  async function ask() {
    asking?.abort()
    asking = new AbortController()
    const url = input?.value ? `/?q=${encodeURIComponent(input.value)}` : '/'
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
      history.replaceState(null, '', url)
    } catch {
      // Overtaken by the next word, or the site has stopped: the list stays as it was.
    }
  }

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
