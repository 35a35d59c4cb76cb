import { html } from '../../render/html/html.ts'
import type { SiteResponse } from '../response.ts'
import type { SiteAssets } from './layout.ts'
import { layout } from './layout.ts'

/**
 * Asks for the token.
 * @param wanted path to open after the login
 * @param problem why the last token was rejected
 */
export function loginPage(
  assets: SiteAssets,
  { wanted, problem, status }: { readonly wanted: string; readonly problem: string | null; readonly status: number },
): SiteResponse {
  const main = html`<section>
<form class="search" action="/login" method="post">
<input type="hidden" name="to" value="${wanted}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus${problem === null ? null : html` aria-describedby="problem"`}>
<button type="submit">Log in</button>
</form>
${problem === null ? null : html`<p id="problem" class="none" role="alert">${problem}</p>`}
<p class="hint">Ask whoever runs <code>fulcrum serve</code> for the token.</p>
</section>`
  return { ...layout(assets, { title: 'Log in', trail: [], head: null, main, scripts: [] }), status }
}
