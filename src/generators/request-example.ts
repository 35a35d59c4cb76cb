import { type Endpoint, type Json, meanTokens, type Point } from '../model/index.ts'
import type { LoadExample } from './define-generator.ts'
import { headBefore, promptFields, requestFields, requestShape } from './request.ts'

/** A request of a point: the token as the name of its variable, the prompt as its length. */
export function requestExample({ load, workload }: Point, endpoint: Endpoint): LoadExample {
  const key = endpoint.apiKeyEnv === undefined ? undefined : `$${endpoint.apiKeyEnv}`
  const [, ...lines] = headBefore(new URL(endpoint.url), load.api, load.streaming, key).split('\r\n')
  const [first = ''] = headBefore(new URL(endpoint.url), load.api, load.streaming, key).split('\r\n')
  const [, path = '/'] = first.split(' ')
  const headers = lines.map(line => line.split(': ')).filter(([name]) => name !== 'Content-Length')
  const isTrace = load.level.kind === 'trace'
  const shape = requestShape(load, endpoint, isTrace ? 1 : Math.max(1, Math.round(meanTokens(workload.osl))))
  const text = isTrace ? '(prompt of the trace)' : `(about ${Math.round(meanTokens(workload.isl))} tokens)`
  const prompt: Json = load.api === 'chat' ? [{ role: 'user', content: text }] : text
  return {
    kind: 'request',
    url: `${new URL(endpoint.url).origin}${path}`,
    headers: {
      ...Object.fromEntries(headers),
      ...(load.sessionHeader === undefined ? {} : { [load.sessionHeader]: '(id of the session)' }),
    },
    body: { [promptFields[load.api]]: prompt, ...requestFields(shape) },
  }
}
