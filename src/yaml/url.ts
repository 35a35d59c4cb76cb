import { type Path, quoted } from './problem.ts'
import type { SectionContext } from './section-context.ts'

/** Parts that people often copy with the address: the version, or the whole path of an API. */
const ofTheApi = /\/v1(?:\/(?:chat(?:\/completions)?|completions|responses|models))?$/

/** Paths that look like an API's without the version that Fulcrum adds. */
const otherApi = /\/(?:chat\/completions|completions|responses)$/

/**
 * Base URL of the API, without a trailing slash: the part before `/v1/…`. Keeps a gateway's sub-path. Reports parts
 * that a base URL cannot have.
 */
export function baseUrlOf(text: string, path: Path, context: SectionContext): string {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    context.report(path, `${quoted(text)} is not an HTTP URL`, 'use a URL such as http://127.0.0.1:8000')
    return text
  }
  const base = url.pathname.replace(/\/+$/, '').replace(ofTheApi, '').replace(/\/+$/, '')
  if (url.username !== '' || url.password !== '') {
    context.report(
      path,
      'the URL contains a user name or password, but this file is stored with every run',
      'put the token into an environment variable and write its name as api_key_env',
    )
  } else if (url.search !== '' || url.hash !== '') {
    context.report(
      path,
      `the URL contains ${quoted(`${url.search}${url.hash}`)}, which no request would send`,
      `write ${url.origin}${base}: Fulcrum adds /v1/…`,
    )
  } else if (otherApi.test(base)) {
    context.report(
      path,
      `requests would go to ${url.origin}${base}/v1/…`,
      `write the part before /v1/…, such as ${url.origin}${base.replace(otherApi, '')}`,
    )
  }
  return `${url.origin}${base}`
}
