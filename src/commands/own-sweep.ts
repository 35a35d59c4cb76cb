import { basename, extname } from 'node:path'
import { stringify } from 'yaml'
import { engines } from '../engines/index.ts'
import { type EngineSettings, FulcrumError, shellCommand } from '../model/index.ts'

/** Answers for `fulcrum init`. Missing ones have defaults. */
export interface AskedSweep {
  /** An engine, for Dynamo on this machine, or the name of a deployer: `simulated` or `attach`. */
  readonly backend: string
  readonly model?: string
  /** Folder of the tokenizer, or another value of `model.tokenizer`. */
  readonly tokenizer?: string
  /** Number of GPUs that the deployment may use. */
  readonly gpus?: number
  readonly gpusPerWorker?: number
  /** Base URL of a running endpoint. */
  readonly url?: string
  /** Lengths in tokens. */
  readonly workloads?: readonly { readonly isl: number; readonly osl: number }[]
  /** Objectives as the sweep file spells them, in ms: `ttft_p95_ms`. */
  readonly slo?: { readonly [objective: string]: number }
}

const usualModel = 'nvidia/DeepSeek-R1-FP4'
const usualUrl = 'http://127.0.0.1:8000'
const usualWorkloads = [{ isl: 1000, osl: 1000 }]

/** Default number of GPUs of a backend. */
export function usualGpus(backend: string): { readonly gpus: number; readonly gpusPerWorker: number } {
  // The shipped profile, which also times the mocker, describes workers of 4 GPUs each.
  if (!usesGpus(backend) && backend !== 'attach') return { gpus: 12, gpusPerWorker: 4 }
  return { gpus: 8, gpusPerWorker: 1 }
}

const engineOf = (backend: string) => engines.find(({ name }) => name === backend)
const usesGpus = (backend: string) => engineOf(backend)?.usesGpus === true

/**
 * Writes the text of a sweep file from the user's answers: all splits of the GPUs into prefill and decode workers,
 * beside aggregated ones, at several loads.
 * @param file the file to write, whose name becomes the name of the sweep
 * @throws FulcrumError (bad-input) if the GPUs are too few for one worker
 */
export function ownSweep(file: string, asked: AskedSweep): string {
  const usual = usualGpus(asked.backend)
  const gpusPerWorker = asked.gpusPerWorker ?? usual.gpusPerWorker
  const gpus = asked.gpus ?? Math.max(usual.gpus, gpusPerWorker)
  const workers = Math.floor(gpus / gpusPerWorker)
  refuseUnfitting(asked, usual.gpusPerWorker)
  if (workers < 1)
    throw new FulcrumError(
      'bad-input',
      'too-few-gpus',
      `A worker needs ${gpusPerWorker} GPUs, and there are ${gpus}.`,
      {
        remedy: 'Give more --gpus, or fewer --gpus-per-worker.',
      },
    )
  const { backend, model = usualModel, tokenizer, workloads = usualWorkloads, slo = {} } = asked
  const name =
    basename(file, extname(file))
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[._-]+/, '') || 'sweep'
  const objectives = Object.entries(slo).map(([objective, ms]) => `  ${objective}: ${ms}`)
  const isAttached = backend === 'attach'
  return `${[
    `# Written by: ${commandFor(file, asked)}`,
    '# Every key: docs/reference/sweep-file.md. Its points and how long they take: fulcrum plan FILE',
    `name: ${name.slice(0, 80)}`,
    tokenizer === undefined
      ? `model: ${scalar(model)}`
      : `model: { name: ${scalar(model)}, tokenizer: ${scalar(tokenizer)} }`,
    '',
    'deploy:',
    ...deployLines(asked, gpus, gpusPerWorker),
    '',
    ...(isAttached
      ? ['topologies: agg x1 # what runs behind the endpoint, such as 2P1D; only a label', '']
      : ['topologies:', ...topologies(workers).map(one => `  - ${one}`), '']),
    ...engineLines(backend, gpusPerWorker, workers > 1),
    'workloads: # input and output tokens',
    ...workloads.map(({ isl, osl }) => `  - ${isl}/${osl}`),
    '',
    'load:',
    ...(isAttached || usesGpus(backend)
      ? ['  concurrency: [1, 4, 16, 64]', '  requests: 10x # ten for each request in flight', '  warmup: 2x']
      : [
          '  concurrency: [1, 4, 16]',
          '  requests: 3x # three for each request in flight: quick, and rough',
          '  warmup: 1x',
        ]),
    ...(objectives.length === 0 ? [] : ['', 'slo:', ...objectives]),
  ].join('\n')}\n`
}

/** Refuses answers that the file cannot express, which would be lost silently. */
function refuseUnfitting({ backend, gpusPerWorker, url }: AskedSweep, usual: number): void {
  const isAttached = backend === 'attach'
  const wrong =
    url !== undefined && !isAttached
      ? `--url is of a running endpoint, which the backend ${backend} is not.`
      : gpusPerWorker !== undefined && isAttached
        ? 'The workers behind a running endpoint are not known.'
        : gpusPerWorker !== undefined && engineOf(backend) === undefined && gpusPerWorker !== usual
          ? `A simulated worker has ${usual} GPUs.`
          : null
  if (wrong === null) return
  const flag = url !== undefined && !isAttached ? '--url, or use --backend attach' : '--gpus-per-worker'
  throw new FulcrumError('bad-input', 'unfitting-flag', wrong, { remedy: `Leave out ${flag}.` })
}

function deployLines({ backend, model = usualModel, url = usualUrl }: AskedSweep, gpus: number, perWorker: number) {
  if (backend === 'attach')
    return [
      '  with: attach',
      `  url: ${scalar(url)}`,
      `  gpus: ${gpus} # all GPUs behind the endpoint`,
      '  dialect: dynamo-1 # or dynamo-0.3, vllm, openai',
    ]
  const engine = engineOf(backend)
  if (engine === undefined) return [`  with: ${backend}`]
  const common = ['  with: dynamo', `  backend: ${engine.module}`, '  python: python3 # has ai-dynamo and the engine']
  return engine.usesGpus
    ? [...common, `  gpus: [${Array.from({ length: gpus }, (_, index) => index).join(', ')}]`, '  ready_timeout: 20m']
    : [...common, `  gpus_per_worker: ${perWorker}`, '  args:', `    ${engine.launch.model}: ${scalar(model)}`]
}

/** Engine settings: the required ones, and the GPUs of a worker. */
function engineLines(backend: string, gpusPerWorker: number, hasSplits: boolean): readonly string[] {
  const engine = engineOf(backend)
  if (engine === undefined || !engine.usesGpus) return []
  const { all = {}, aggregated = {}, prefill = {}, decode = {} } = engine.initial
  const [tensorParallel] = engine.spellings.tensorParallel ?? []
  const parallel = tensorParallel === undefined || gpusPerWorker === 1 ? {} : { [tensorParallel]: gpusPerWorker }
  const sections = { all: { ...all, ...parallel }, aggregated, ...(hasSplits ? { prefill, decode } : {}) }
  const lines = Object.entries(sections).flatMap(([role, settings]) =>
    Object.keys(settings).length === 0 ? [] : [`  ${role}: ${inFlow(settings)}`],
  )
  return lines.length === 0 ? [] : ['engine:', ...lines, '']
}

/** Maximum number of splits in the file. If there are more, these are spread evenly. */
const mostSplits = 7

/** Topologies of all aggregated workers, and of all splits into prefill and decode. */
function topologies(workers: number): readonly string[] {
  const splits = Math.min(workers - 1, mostSplits)
  const prefill = Array.from({ length: splits }, (_, at) => Math.round(((at + 1) * workers) / (splits + 1)))
  return [`agg x${workers}`, ...[...new Set(prefill)].map(count => `${count}P${workers - count}D`)]
}

/** The command that writes the same file. */
function commandFor(file: string, { backend, model, tokenizer, gpus, gpusPerWorker, url, workloads, slo }: AskedSweep) {
  const flag = (name: string, value: string | number | undefined) =>
    value === undefined ? [] : [`--${name}`, String(value)]
  return shellCommand([
    'fulcrum',
    'init',
    basename(file),
    ...flag('backend', backend),
    ...flag('model', model),
    ...flag('tokenizer', tokenizer),
    ...flag('gpus', gpus),
    ...flag('gpus-per-worker', gpusPerWorker),
    ...flag('url', url),
    ...(workloads ?? []).flatMap(({ isl, osl }) => [...flag('isl', isl), ...flag('osl', osl)]),
    ...Object.entries(slo ?? {}).flatMap(([objective, ms]) => flag('slo', `${objective}=${ms}`)),
  ]).replace(/\s+/g, ' ')
}

const inFlow = (value: EngineSettings) => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()

const scalar = (text: string) => stringify(text, { lineWidth: 0 }).trim()
