import { defined, type Endpoint, FulcrumError, type Json, type Load, type Point } from '../../model/index.ts'
import { requestsToSend } from '../programs/requests-to-send.ts'

/** Paths in the scenario. */
export interface ScenarioPlaces {
  /** JSON lines with `prompt` and `output_tokens_count`, one per request. */
  readonly prompts: string
  /** Folder of the tokenizer. */
  readonly tokenizer: string
  readonly report: string
}

/**
 * A GuideLLM 0.8 scenario for a point. It must be a file, because the command line accepts no values with commas.
 * @throws FulcrumError bad-input `generator-cannot` for a server that does not accept `ignore_eos` at the top level
 */
export function scenarioOf(point: Point, endpoint: Endpoint, places: ScenarioPlaces): Json {
  const { load } = point
  return {
    spec: {
      backend: {
        kind: 'openai_http',
        target: endpoint.url.replace(/\/+$/, ''),
        model: endpoint.model,
        request_format: load.api === 'chat' ? '/v1/chat/completions' : '/v1/completions',
        // A proxy in front of the servers may not support it, and each stream needs a separate connection.
        http2: false,
        verify: true,
        validate_backend: false,
        timeout: load.timeoutMs / 1000,
        extras: { body: extraBody(point, endpoint) },
      },
      profile: profileOf(load),
      constraints: [{ kind: 'max_requests', count: requestsToSend(load) }],
      data: [{ kind: 'json_file', path: places.prompts }],
      tokenizer: { kind: 'huggingface_auto', model: places.tokenizer },
      seed: { kind: 'static', value: load.seed },
      outputs: [{ kind: 'json', path: places.report }],
    },
  }
}

/** GuideLLM sends `ignore_eos` with every request that specifies a length, which some servers reject. */
function extraBody({ load, workload }: Point, { dialect }: Endpoint): { readonly [field: string]: Json } {
  if (dialect === 'openai' || dialect === 'dynamo-0.3') {
    throw new FulcrumError(
      'bad-input',
      'generator-cannot',
      'GuideLLM sends ignore_eos at the top level of each request, which this server refuses.',
      { remedy: 'Use another generator.' },
    )
  }
  return { ...(workload.osl.kind === 'fixed' ? { min_tokens: workload.osl.tokens } : {}), ...load.extra }
}

function profileOf({ level }: Load): Json {
  switch (level.kind) {
    case 'concurrency':
      return { kind: 'concurrent', streams: [level.concurrency] }
    case 'rate':
      return {
        kind: level.arrivals.kind === 'poisson' ? 'poisson' : 'constant',
        rate: [level.requestsPerS],
        ...defined({ max_concurrency: level.maxConcurrency }),
      }
    default:
      throw new TypeError(`GuideLLM has no profile for a load of kind ${level.kind}`)
  }
}
