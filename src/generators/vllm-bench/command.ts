import type { Endpoint, Json, Load, Point } from '../../model/index.ts'
import { tokensPerBlock } from '../trace-lines.ts'
import type { WrittenTrace } from './trace-file.ts'

/** Files and folders that the command names. */
export interface CommandInputs {
  /**
   * JSON lines with `prompt` and `output_tokens`, one for each request; for a trace, the file that {@link
   * writeTimedTrace} writes.
   */
  readonly prompts: string
  /** Properties of the trace; absent without one, and in an example. */
  readonly trace?: Pick<WrittenTrace, 'requests' | 'blockTokens'>
  /** Folder of the tokenizer. */
  readonly tokenizer: string
  /** Folder of the result. */
  readonly folder: string
  readonly resultName: string
  /** The user's own arguments, last. */
  readonly args: readonly string[]
}

/** Arguments of vllm-rs 0.33 for a point. */
export function vllmBenchArguments(point: Point, endpoint: Endpoint, inputs: CommandInputs): readonly string[] {
  const { load } = point
  const body = extraBody(point, endpoint)
  return [
    ...['bench', 'serve', '--backend', load.api === 'chat' ? 'openai-chat' : 'openai'],
    ...['--base-url', endpoint.url.replace(/\/+$/, ''), '--model', endpoint.model, '--tokenizer', inputs.tokenizer],
    ...datasetArguments(load, inputs),
    ...['--num-warmups', String(load.warmup), ...levelArguments(load)],
    ...['--seed', String(load.seed)],
    ...(endpoint.dialect === 'openai' || endpoint.dialect === 'dynamo-0.3' ? [] : ['--ignore-eos']),
    ...(Object.keys(body).length === 0 ? [] : ['--extra-body', JSON.stringify(body)]),
    ...['--disable-tqdm', '--save-result', '--save-detailed'],
    ...['--result-dir', inputs.folder, '--result-filename', inputs.resultName],
    ...inputs.args,
  ]
}

function datasetArguments({ level, requests = 0 }: Load, { prompts, trace }: CommandInputs): string[] {
  if (level.kind !== 'trace')
    return [
      ...['--dataset-name', 'custom', '--dataset-path', prompts, '--custom-output-len', '-1'],
      ...['--skip-chat-template', '--disable-shuffle', '--no-oversample', '--num-prompts', String(requests)],
    ]
  return [
    ...['--dataset-name', 'timed_trace', '--dataset-path', prompts],
    ...['--num-prompts', String(trace?.requests ?? 'REQUESTS')],
    ...['--timed-trace-chunk-hash-size', String(trace?.blockTokens ?? tokensPerBlock), '--self-timed'],
  ]
}

function extraBody({ load, workload }: Point, { dialect }: Endpoint): { readonly [field: string]: Json } {
  return {
    ...(load.level.kind !== 'trace' && workload.osl.kind === 'fixed' && dialect !== 'openai'
      ? { min_tokens: workload.osl.tokens }
      : {}),
    ...(dialect === 'dynamo-0.3' ? { nvext: { ignore_eos: true } } : {}),
    ...load.extra,
  }
}

function levelArguments({ level, window }: Load): string[] {
  switch (level.kind) {
    case 'concurrency':
      return ['--max-concurrency', String(level.concurrency), ...(window === 'whole' ? ['--no-steady-state'] : [])]
    case 'rate':
      return [
        ...['--request-rate', String(level.requestsPerS)],
        // Gamma arrivals of burstiness 1 are Poisson's.
        ...['--burstiness', String(level.arrivals.kind === 'gamma' ? level.arrivals.burstiness : 1)],
        ...(level.maxConcurrency === undefined ? [] : ['--max-concurrency', String(level.maxConcurrency)]),
      ]
    case 'trace':
      return []
    default:
      throw new TypeError(`vllm-rs has no options for a load of kind ${level.kind}`)
  }
}
