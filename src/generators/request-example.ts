import { type Endpoint, type Json, meanTokens, type Point } from '../model/index.ts'
import type { LoadExample } from './define-generator.ts'
import { headBefore, promptFields, requestFields, requestShape } from './request.ts'

/** A request of a point, with the variable's name instead of the token and the length instead of the prompt. */
export function requestExample(point: Point, endpoint: Endpoint): LoadExample {
  const { load, workload } = point
  const key = endpoint.apiKeyEnv === undefined ? undefined : `$${endpoint.apiKeyEnv}`
  const [first = '', ...lines] = headBefore(new URL(endpoint.url), load.api, load.streaming, key).split('\r\n')
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
    body: { [promptFields[load.api]]: prompt, ...withOwnLengths(requestFields(shape), point) },
  }
}

/** Fields with the length of the answer. */
const lengthFields = ['max_tokens', 'max_output_tokens', 'min_tokens']

/** If each request has its own length, replaces the number with words. */
function withOwnLengths(
  fields: { readonly [field: string]: Json },
  { load, workload }: Point,
): { readonly [field: string]: Json } {
  const isTrace = load.level.kind === 'trace'
  if (!isTrace && workload.osl.kind === 'fixed' && workload.datasetFile === undefined) return fields
  const length = isTrace ? '(length in the trace)' : `(about ${Math.round(meanTokens(workload.osl))})`
  const own = Object.keys(fields).filter(field => lengthFields.includes(field) && !(field in load.extra))
  return { ...fields, ...Object.fromEntries(own.map(field => [field, length])) }
}
