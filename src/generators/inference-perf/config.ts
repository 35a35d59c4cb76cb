import { defined, type Endpoint, FulcrumError, type Json, type Load, type Point } from '../../model/index.ts'
import { requestsToSend } from '../programs/requests-to-send.ts'

/** Paths in the configuration. */
export interface ConfigPlaces {
  readonly prompts: string
  /** Due times of an open loop. */
  readonly schedule: string
  /** Folder of the tokenizer. */
  readonly tokenizer: string
  readonly reports: string
}

/** Arguments of inference-perf. The user's arguments come last. */
export const inferencePerfArguments = (config: string, args: readonly string[]): readonly string[] => [
  ...['--config_file', config],
  ...args,
]

/**
 * Configuration of inference-perf 0.7 for a point. JSON is YAML, too.
 * @param cores of this machine
 * @throws FulcrumError bad-input `generator-cannot` for a server that does not accept `ignore_eos` at the top level
 */
export function configOf(point: Point, endpoint: Endpoint, places: ConfigPlaces, cores: number): Json {
  if (endpoint.dialect === 'openai' || endpoint.dialect === 'dynamo-0.3') {
    throw new FulcrumError(
      'bad-input',
      'generator-cannot',
      'inference-perf sends ignore_eos at the top level of each request, which this server refuses.',
      { remedy: 'Use another generator.' },
    )
  }
  const { load } = point
  return {
    api: { type: 'completion', streaming: true },
    // Its name for a file of conversations, of which it sends the first message.
    data: { type: 'shareGPT', path: places.prompts },
    load: { ...loadOf(load, places.schedule, cores), request_timeout: load.timeoutMs / 1000, base_seed: load.seed },
    report: {
      request_lifecycle: {
        ...{ summary: true, per_stage: false, per_adapter: false, per_request: true },
        per_request_fields: { request: false, response: false, response_chunks: false, info: true },
      },
      prometheus: null,
    },
    storage: { local_storage: { path: places.reports } },
    server: { type: 'vllm', model_name: endpoint.model, base_url: endpoint.url.replace(/\/+$/, ''), ignore_eos: true },
    tokenizer: { pretrained_model_name_or_path: places.tokenizer },
  }
}

function loadOf(load: Load, schedule: string, cores: number): { readonly [key: string]: Json } {
  const { level } = load
  const requests = requestsToSend(load)
  switch (level.kind) {
    case 'concurrency':
      return {
        type: 'concurrent',
        stages: [{ num_requests: requests, concurrency_level: level.concurrency }],
        // A worker without a slot would spin.
        num_workers: Math.min(cores, level.concurrency),
      }
    case 'rate': {
      const { maxConcurrency } = level
      return {
        type: 'trace_replay',
        trace: { file: schedule, format: 'AzurePublicDataset' },
        // It sends rate × duration requests, at the times of the file.
        stages: [{ rate: requests, duration: 1 }],
        // A request takes one of a worker's places from the moment at which the worker knows of it.
        worker_max_concurrency: maxConcurrency ?? requests,
        ...defined({ num_workers: maxConcurrency === undefined ? undefined : 1 }),
      }
    }
    default:
      throw new TypeError(`inference-perf has no load for a level of kind ${level.kind}`)
  }
}
