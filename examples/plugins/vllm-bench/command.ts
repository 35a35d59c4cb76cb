import type { Point } from 'fulcrum'

/** The server under load. */
export interface Target {
  readonly url: string
  /** Name that requests carry. */
  readonly model: string
  /** Which extra fields it takes. */
  readonly dialect: string
}

/** Files that the command names. */
export interface Places {
  /** JSON lines with `prompt` and `output_tokens`, one for each request. */
  readonly prompts: string
  readonly tokenizer: string
  /** Folder of `result.json`. */
  readonly folder: string
}

/** Arguments of `vllm-rs` for a point. */
export function benchArguments({ load, workload }: Point, target: Target, places: Places): readonly string[] {
  const { level, requests = 0 } = load
  const loop =
    level.kind === 'rate'
      ? [
          ...['--request-rate', String(level.requestsPerS)],
          // As in Fulcrum, gamma arrivals with burstiness 1 are Poisson's.
          ...['--burstiness', String(level.arrivals.kind === 'gamma' ? level.arrivals.burstiness : 1)],
          ...(level.maxConcurrency === undefined ? [] : ['--max-concurrency', String(level.maxConcurrency)]),
        ]
      : level.kind === 'concurrency'
        ? ['--max-concurrency', String(level.concurrency)]
        : []
  const least = workload.osl.kind === 'fixed' && target.dialect !== 'openai' ? { min_tokens: workload.osl.tokens } : {}
  const nvext = target.dialect === 'dynamo-0.3' ? { nvext: { ignore_eos: true } } : {}
  const body = { ...least, ...nvext, ...load.extra }
  return [
    ...['bench', 'serve', '--backend', load.api === 'chat' ? 'openai-chat' : 'openai'],
    ...['--base-url', target.url, '--model', target.model, '--tokenizer', places.tokenizer],
    ...['--dataset-name', 'custom', '--dataset-path', places.prompts, '--custom-output-len', '-1'],
    ...['--skip-chat-template', '--disable-shuffle', '--no-oversample'],
    ...['--num-prompts', String(requests), '--num-warmups', String(load.warmup), ...loop],
    ...['--seed', String(load.seed)],
    ...(target.dialect === 'openai' || target.dialect === 'dynamo-0.3' ? [] : ['--ignore-eos']),
    ...(Object.keys(body).length === 0 ? [] : ['--extra-body', JSON.stringify(body)]),
    ...['--disable-tqdm', '--save-result', '--save-detailed'],
    ...['--result-dir', places.folder, '--result-filename', 'result.json'],
  ]
}
