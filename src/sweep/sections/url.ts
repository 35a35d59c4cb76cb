import { type Path, quoted } from '../file/problem.ts'
import type { SectionContext } from './context.ts'

/** The URL's origin; reports what else it holds. */
export function originOf(text: string, path: Path, context: SectionContext): string {
  const url = URL.parse(text)
  if (url === null) {
    context.report(path, `${quoted(text)} is no URL`, 'write a URL such as http://127.0.0.1:8000')
  } else if (url.username !== '' || url.password !== '') {
    context.report(
      path,
      'the URL holds a user or password, and this file is kept with every run',
      'put the token into an environment variable and name it in api_key_env',
    )
  } else if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    context.report(
      path,
      `the URL has the path ${quoted(`${url.pathname}${url.search}${url.hash}`)}`,
      `write ${url.origin}: Fulcrum adds /v1/…`,
    )
  }
  return url === null ? text : url.origin
}
