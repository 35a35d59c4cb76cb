import { type Endpoint, FulcrumError, type Json, type Load, type Point } from '../../model/index.ts'

/** Files and folders that the scenario names. */
export interface ScenarioPlaces {
  /** JSON lines with `prompt` and `output_tokens_count`, one for each request. */
  readonly prompts: string
  /** Folder of the tokenizer. */
  readonly tokenizer: string
  readonly report: string
}

/**
 * Requests that it is to send: after those that are measured, as many as are in flight keep a closed loop at its load
 * until the last of them has answered.
 */
export function requestsToSend({ level, requests = 0, warmup, window }: Load): number {
  const holding = level.kind === 'concurrency' && window !== 'whole' ? level.concurrency : 0
  return warmup + requests + holding
}

/**
 * A scenario file of GuideLLM 0.8 for a point. A file, because its command line takes no value that holds a comma.
 * @throws FulcrumError bad-input `generator-cannot` for a server that does not take `ignore_eos` at the top level
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
        // A proxy in front of the servers may not speak it, and each stream is to have its own connection.
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

/** GuideLLM itself sends `ignore_eos` with every request that has a length, which some servers refuse. */
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
        ...(level.maxConcurrency === undefined ? {} : { max_concurrency: level.maxConcurrency }),
      }
    default:
      throw new TypeError(`GuideLLM has no profile for a load of kind ${level.kind}`)
  }
}
