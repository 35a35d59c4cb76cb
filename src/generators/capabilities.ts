import {
  type Api,
  type Arrivals,
  FulcrumError,
  type Length,
  type Load,
  type LoadLevel,
  type WindowKind,
  type Workload,
} from '../model/index.ts'

/** Capabilities of a load generator. Fulcrum rejects a sweep that requires more before anything starts. */
export interface GeneratorCapabilities {
  /** Supported APIs. */
  readonly apis: readonly Api[]
  /** Kinds of load: a closed loop (`concurrency`), an open loop (`rate`, `stages`), or a trace. */
  readonly loads: readonly LoadLevel['kind'][]
  /** Supported spacings of an open loop's arrivals. */
  readonly arrivals: readonly Arrivals['kind'][]
  /** Whether an open loop can keep to `max_concurrency`. */
  readonly maxConcurrency: boolean
  /** Distributions of ISL and OSL. */
  readonly lengths: readonly Length['kind'][]
  readonly prefixes: boolean
  /** Files of prompts. */
  readonly datasets: boolean
  /** Several turns, each with the earlier ones in its prompt. */
  readonly conversations: boolean
  /** Requests of a trace's session that run in parallel or wait for several answers, as those of agents do. */
  readonly parallelTurns: boolean
  /** Requests for several models, mixed by weight. */
  readonly models: boolean
  /** Prompts whose tokens the server counts (`model.tokenizer: server`). */
  readonly serverTokenizer: boolean
  /** Distinguishes reasoning from the answer, so that there is a TTFO. */
  readonly reasoning: boolean
  /** `requests: auto` and `warmup: auto`: finds the end or the start of the window while it measures. */
  readonly autoRequests: boolean
  /** Windows that its figures can cover. */
  readonly windows: readonly WindowKind[]
  /** `fresh`: each point has its own prompts, derived from its id. `by-seed`: the same seed gives the same prompts. */
  readonly prompts: 'fresh' | 'by-seed'
}

/** Minimum capabilities of a generator, and defaults for those that a plug-in omits. */
export const leastCapabilities: GeneratorCapabilities = {
  apis: ['chat', 'completions'],
  loads: ['concurrency'],
  arrivals: ['constant'],
  maxConcurrency: false,
  lengths: ['fixed'],
  prefixes: false,
  datasets: false,
  conversations: false,
  parallelTurns: false,
  models: false,
  serverTokenizer: false,
  reasoning: false,
  autoRequests: false,
  windows: ['whole'],
  prompts: 'by-seed',
}

/** Features that a point requires of its generator. */
export interface AskedLoad {
  readonly load: Load
  readonly workload: Workload
  /** Whether all points use the same prompts; by default, each has its own. */
  readonly prompts?: 'fresh' | 'same'
  /** Whether requests are distributed over several models. */
  readonly mixesModels?: boolean
  /** Whether the server replaces the tokenizer. */
  readonly serverTokenizer?: boolean
}

/** An unsupported feature. */
export interface Shortfall {
  /** Section and key of the sweep file that require it; `model` has no key. */
  readonly section: 'load' | 'workload' | 'model'
  readonly key: string
  /** The problem, in one clause. */
  readonly wrong: string
  /** Remedy in one clause, unless it is another generator. */
  readonly right: string
}

/** The features of a load and workload that a generator does not support, the workload's first. */
export function shortfallsOf(name: string, can: GeneratorCapabilities, asked: AskedLoad): readonly Shortfall[] {
  const { load, workload } = asked
  const found: Shortfall[] = []
  const lacks = (section: Shortfall['section'], key: string, what: string, right: string) =>
    found.push({ section, key, wrong: `the generator ${name} does not support ${what}`, right })

  if (workload.datasetFile !== undefined && !can.datasets)
    lacks('workload', 'dataset', 'a dataset file', 'remove dataset')
  if (workload.conversation !== undefined && !can.conversations) {
    lacks('workload', 'conversation', 'conversations', 'remove conversation')
  }
  if (workload.prefix !== undefined && !can.prefixes) lacks('workload', 'prefix', 'shared prefixes', 'remove prefix')
  for (const key of ['isl', 'osl'] as const) {
    const { kind } = workload[key]
    if (can.lengths.includes(kind)) continue
    lacks('workload', key, `${key} with a ${kind} distribution`, `write one of: ${can.lengths.join(', ')}`)
  }
  if (!can.apis.includes(load.api)) {
    lacks('load', 'api', `the ${apiNames[load.api]}`, `write api: ${can.apis.join(' or ')}`)
  }
  if (load.auto !== undefined && !can.autoRequests) {
    lacks('load', 'requests', 'requests: auto', 'write a number, such as requests: 10x')
  }
  if (load.autoWarmup !== undefined && !can.autoRequests) {
    lacks('load', 'warmup', 'warmup: auto', 'write a number, such as warmup: 2x')
  }
  if (load.window === 'whole' && !can.windows.includes('whole')) {
    lacks('load', 'window', 'figures of the whole run', 'remove window')
  }
  if (asked.prompts === 'same' && can.prompts === 'fresh') {
    found.push({
      ...{ section: 'load', key: 'prompts', right: 'remove prompts' },
      wrong: `the generator ${name} makes fresh prompts for every point`,
    })
  }
  if (asked.mixesModels === true && !can.models) lacks('model', '', 'several models', 'write one model')
  if (asked.serverTokenizer === true && !can.serverTokenizer)
    lacks('model', '', 'tokenizer: server', 'write the folder of a tokenizer, or its name on Hugging Face')
  const { level } = load
  if (!can.loads.includes(level.kind)) {
    lacks('load', keys[level.kind], levels[level.kind], `write ${can.loads.map(kind => keys[kind]).join(' or ')}`)
  } else if (level.kind !== 'concurrency') {
    if ('arrivals' in level && !can.arrivals.includes(level.arrivals.kind)) {
      lacks('load', 'arrivals', `${level.arrivals.kind} arrivals`, `write arrivals: ${can.arrivals.join(' or ')}`)
    }
    if (level.maxConcurrency !== undefined && !can.maxConcurrency) {
      lacks('load', 'max_concurrency', 'max_concurrency', 'remove max_concurrency')
    }
  }
  return found
}

const apiNames: { readonly [api in Api]: string } = {
  chat: 'chat API',
  completions: 'completions API',
  responses: 'Responses API',
  embeddings: 'embeddings API',
}

const keys: { readonly [kind in LoadLevel['kind']]: string } = {
  concurrency: 'concurrency',
  rate: 'request_rate',
  stages: 'stages',
  trace: 'trace',
}

const levels: { readonly [kind in LoadLevel['kind']]: string } = {
  concurrency: 'a closed loop',
  rate: 'a request rate',
  stages: 'a load in stages',
  trace: 'a trace',
}

/** @throws FulcrumError bad-input `generator-cannot` if a point requires more than the generator supports */
export function requireCapable(name: string, can: Partial<GeneratorCapabilities>, asked: AskedLoad): void {
  requireNone(shortfallsOf(name, { ...leastCapabilities, ...can }, asked), asked.workload.name)
}

/** @throws FulcrumError bad-input `generator-cannot` with the first shortfall */
export function requireNone([shortfall]: readonly Shortfall[], where: string): void {
  if (shortfall === undefined) return
  throw new FulcrumError('bad-input', 'generator-cannot', shortfall.wrong, { where, remedy: shortfall.right })
}
