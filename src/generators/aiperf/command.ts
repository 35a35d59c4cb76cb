import type { Endpoint, Json, Load, Point } from '../../model/index.ts'
import { requireCapable, requireNone } from '../capabilities.ts'
import { programWorkload } from '../programs/lengths.ts'
import { aiperfCapabilities, aiperfShortfalls } from './capabilities.ts'

/** Inputs of the command in addition to point and endpoint. */
export interface CommandInputs {
  /** A name in the hub's cache, because AIPerf accepts no path offline. */
  readonly tokenizer: string
  readonly artifactFolder: string
  /** The replayed trace in AIPerf's Mooncake format. */
  readonly traceFile?: string
  /** A configuration that the arguments override; see keyConfig. */
  readonly configFile?: string
  /** The user's own arguments, last. */
  readonly args: readonly string[]
}

/**
 * Arguments of AIPerf 0.13 for a point.
 * @throws FulcrumError bad-input `generator-cannot` for an unsupported load or workload
 */
export function aiperfArguments(point: Point, endpoint: Endpoint, inputs: CommandInputs): string[] {
  requireCapable('aiperf', aiperfCapabilities, point)
  requireNone(aiperfShortfalls(point), point.workload.name)
  const { load } = point
  return [
    'profile',
    ...(inputs.configFile === undefined ? [] : ['--config', inputs.configFile]),
    ...['--model', endpoint.model],
    ...['--tokenizer', inputs.tokenizer],
    ...['--url', endpoint.url],
    ...['--endpoint-type', load.api],
    ...(load.streaming ? ['--streaming'] : []),
    ...['--request-timeout-seconds', String(load.timeoutMs / 1000)],
    ...(load.level.kind === 'trace' ? [] : lengthArguments(point)),
    // Uses `max_tokens`, which all servers know, instead of `max_completion_tokens`.
    ...(load.api === 'responses' ? [] : ['--use-legacy-max-tokens']),
    ...extraInputs(endpoint, leastTokensOf(point), load.extra),
    ...levelArguments(load, inputs.traceFile),
    ...(load.warmup > 0 ? ['--warmup-request-count', String(load.warmup)] : []),
    ...(load.level.kind === 'trace' ? [] : ['--num-dataset-entries', String(load.dataset)]),
    ...['--random-seed', String(load.seed)],
    ...['--artifact-dir', inputs.artifactFolder],
    // Disables extra requests to the server and the terminal UI.
    ...['--ui', 'none', '--no-gpu-telemetry', '--no-server-metrics'],
    ...inputs.args,
  ]
}

function lengthArguments(point: Point): string[] {
  const { isl, osl, prefix } = programWorkload(point)
  return [
    ...['--synthetic-input-tokens-mean', String(isl.mean)],
    ...['--synthetic-input-tokens-stddev', String(isl.stddev)],
    ...['--output-tokens-mean', String(osl.mean)],
    ...['--output-tokens-stddev', String(osl.stddev)],
    ...(prefix === null
      ? []
      : ['--num-prefix-prompts', String(prefix.count), '--prefix-prompt-length', String(prefix.tokens)]),
  ]
}

/** Minimum tokens of all answers; null if each request sets its own. */
function leastTokensOf(point: Point): number | null {
  if (point.load.level.kind === 'trace') return null
  const { osl } = programWorkload(point)
  return osl.stddev > 0 ? null : osl.mean
}

function extraInputs(endpoint: Endpoint, osl: number | null, extra: { readonly [field: string]: Json }): string[] {
  const fields = {
    ...(endpoint.dialect === 'dynamo-0.3' ? { nvext: { ignore_eos: true } } : {}),
    ...(endpoint.dialect === 'dynamo-1' || endpoint.dialect === 'vllm' ? { ignore_eos: true } : {}),
    ...(endpoint.dialect !== 'openai' && osl !== null ? { min_tokens: osl } : {}),
    ...extra,
  }
  return Object.keys(fields).length === 0 ? [] : ['--extra-inputs', JSON.stringify(fields)]
}

function levelArguments(load: Load, traceFile = ''): string[] {
  const { level } = load
  const length =
    load.requests === undefined
      ? ['--benchmark-duration', String(load.durationS ?? 60), '--benchmark-grace-period', String(load.graceS)]
      : ['--request-count', String(load.requests)]
  switch (level.kind) {
    case 'concurrency':
      return ['--concurrency', String(level.concurrency), ...length]
    case 'rate':
      return [
        ...['--request-rate', String(level.requestsPerS), '--arrival-pattern', level.arrivals.kind],
        ...(level.arrivals.kind === 'gamma' ? ['--arrival-smoothness', String(level.arrivals.burstiness)] : []),
        ...(level.maxConcurrency === undefined ? [] : ['--concurrency', String(level.maxConcurrency)]),
        ...length,
      ]
    case 'trace':
      return ['--input-file', traceFile, '--custom-dataset-type', 'mooncake-trace', '--fixed-schedule']
    default:
      throw new TypeError(`AIPerf has no flags for a load of kind ${level.kind}`)
  }
}
