import { type Path, quoted } from './problem.ts'
import type { SectionContext } from './section-context.ts'

/** What people copy along with the address: the version, or the whole path of an API. */
const ofTheApi = /\/v1(?:\/(?:chat(?:\/completions)?|completions|responses|models))?$/

/** Paths that look like an API's without the version that Fulcrum adds. */
const otherApi = /\/(?:chat\/completions|completions|responses)$/

/**
 * The base of the API, without a slash at its end: what stands before `/v1/…`. A sub-path of a gateway stays. Reports what
 * no base may hold.
 */
export function baseUrlOf(text: string, path: Path, context: SectionContext): string {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    context.report(path, `${quoted(text)} is no HTTP URL`, 'write a URL such as http://127.0.0.1:8000')
    return text
  }
  const base = url.pathname.replace(/\/+$/, '').replace(ofTheApi, '').replace(/\/+$/, '')
  if (url.username !== '' || url.password !== '') {
    context.report(
      path,
      'the URL holds a user or password, and this file is kept with every run',
      'put the token into an environment variable and name it in api_key_env',
    )
  } else if (url.search !== '' || url.hash !== '') {
    context.report(
      path,
      `the URL has ${quoted(`${url.search}${url.hash}`)}, which no request would carry`,
      `write ${url.origin}${base}: Fulcrum adds /v1/…`,
    )
  } else if (otherApi.test(base)) {
    context.report(
      path,
      `requests would go to ${url.origin}${base}/v1/…`,
      `write what stands before /v1/…, such as ${url.origin}${base.replace(otherApi, '')}`,
    )
  }
  return `${url.origin}${base}`
}
