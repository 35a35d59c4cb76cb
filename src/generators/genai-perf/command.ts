import type { Endpoint, Json, Load, Point } from '../../model/index.ts'
import { requireCapable } from '../capabilities.ts'
import { programWorkload } from '../programs/lengths.ts'
import { apiPaths } from '../request.ts'
import { genaiPerfCapabilities } from './capabilities.ts'

/** Inputs of the command in addition to point and endpoint. */
export interface CommandInputs {
  readonly tokenizer: string
  readonly artifactFolder: string
  /** The user's own arguments for perf_analyzer, after `--`. */
  readonly args: readonly string[]
}

/**
 * Arguments of genai-perf for a point: the command of Dynamo's TensorRT-LLM guide, with output-length fields as the
 * server's version requires (`nvext` for 0.3; none for 1.x, which rejects it with HTTP 400).
 *
 * @throws FulcrumError bad-input `generator-cannot` for an unsupported load or workload
 */
export function genaiPerfArguments(point: Point, endpoint: Endpoint, inputs: CommandInputs): string[] {
  requireCapable('genai-perf', genaiPerfCapabilities, point)
  const { load } = point
  const { isl, osl, prefix } = programWorkload(point)
  return [
    'profile',
    ...['--model', endpoint.model],
    ...['--tokenizer', inputs.tokenizer],
    ...['--url', hostAndPort(endpoint.url)],
    ...['--endpoint-type', load.api],
    ...customEndpoint(endpoint.url, load.api),
    ...(load.streaming ? ['--streaming'] : []),
    ...['--synthetic-input-tokens-mean', String(isl.mean)],
    ...(isl.stddev > 0 ? ['--synthetic-input-tokens-stddev', String(isl.stddev)] : []),
    ...(prefix === null
      ? []
      : ['--num-prefix-prompts', String(prefix.count), '--prefix-prompt-length', String(prefix.tokens)]),
    ...['--output-tokens-mean', String(osl.mean)],
    ...(osl.stddev > 0 ? ['--output-tokens-stddev', String(osl.stddev)] : []),
    ...extraInputs(endpoint, osl.stddev > 0 ? null : osl.mean, load.extra),
    ...levelArguments(load),
    ...['--num-dataset-entries', String(load.dataset)],
    ...['--random-seed', String(load.seed)],
    ...['--artifact-dir', inputs.artifactFolder],
    '--',
    '-v',
    ...passThrough(load),
    ...inputs.args,
  ]
}

/**
 * Fields added to every body. genai-perf itself writes a drawn OSL to each body's `max_tokens`, so none is added here.
 */
function extraInputs(endpoint: Endpoint, osl: number | null, extra: { readonly [field: string]: Json }): string[] {
  const fields: string[] = []
  if (osl !== null) fields.push(`max_tokens:${osl}`)
  if (endpoint.dialect !== 'openai') {
    if (osl !== null) fields.push(`min_tokens:${osl}`)
    fields.push('ignore_eos:true')
  }
  if (endpoint.dialect === 'dynamo-0.3') fields.push('{"nvext":{"ignore_eos":true}}')
  if (Object.keys(extra).length > 0) fields.push(JSON.stringify(extra))
  return fields.flatMap(field => ['--extra-inputs', field])
}

function levelArguments(load: Load): string[] {
  const { level } = load
  if (level.kind !== 'concurrency' && level.kind !== 'rate') {
    throw new TypeError(`genai-perf has no flags for a load of kind ${level.kind}`)
  }
  return [
    ...(level.kind === 'concurrency'
      ? ['--concurrency', String(level.concurrency)]
      : ['--request-rate', String(level.requestsPerS)]),
    // perf_analyzer uses three intervals, which together form the window.
    ...(load.requests === undefined
      ? ['--measurement-interval', String(Math.ceil(((load.durationS ?? 60) * 1000) / 3))]
      : ['--request-count', String(load.requests)]),
    ...(load.warmup > 0 ? ['--warmup-request-count', String(load.warmup)] : []),
  ]
}

/** perf_analyzer's own flags: one thread per slot, as in the guide, so that no slot waits for another. */
function passThrough(load: Load): string[] {
  const { level } = load
  if (level.kind === 'concurrency') return ['--max-threads', String(level.concurrency)]
  if (level.kind === 'rate' && level.arrivals.kind === 'poisson') return ['--request-distribution', 'poisson']
  return []
}

/** `host:port` as in the guide; TLS requires the scheme. */
function hostAndPort(url: string): string {
  return new URL(url).origin.replace(/^http:\/\//, '')
}

/** A path in the URL precedes the API's own path, so genai-perf must be given both. */
function customEndpoint(url: string, api: Load['api']): string[] {
  const base = new URL(url).pathname.replace(/^\/+|\/+$/g, '')
  return base === '' ? [] : ['--endpoint', `${base}${apiPaths[api]}`]
}
