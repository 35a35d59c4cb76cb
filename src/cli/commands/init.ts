import { type Command, Option } from 'commander'
import type { AskedSweep } from '../../commands/own-sweep.ts'
import { defined } from '../../model/defined.ts'
import { FulcrumError } from '../../model/error.ts'
import { jsonText } from '../json-text.ts'
import { repeated } from '../options.ts'
import { wholeNumber } from '../whole-number.ts'

/** The files in sweeps/ that `fulcrum init` can copy. */
export const templates = [
  'quick',
  'dynamo-mocker',
  'dynamo-serve',
  'guide',
  'nightly',
  'capacity',
  'attach',
  'kubernetes',
  'vllm',
  'variants',
  'conversations',
  'trace',
  'wide-ep',
  'quality',
  'reasoning',
  'mtp',
] as const

/** Backends that the questions support. Slurm and Kubernetes need more answers, so users start from their templates. */
export const backends = {
  simulated: 'Simulated engine: no GPU, no Dynamo',
  mocker: 'Dynamo with mocker workers: no GPU',
  vllm: 'Dynamo with vLLM workers on this machine',
  sglang: 'Dynamo with SGLang workers on this machine',
  trtllm: 'Dynamo with TensorRT-LLM workers on this machine',
  attach: 'An endpoint that is already running',
} as const

interface InitOptions {
  readonly template?: string
  readonly list?: true
  readonly backend?: string
  readonly model?: string
  readonly tokenizer?: string
  readonly gpus?: number
  readonly gpusPerWorker?: number
  readonly url?: string
  readonly isl?: readonly number[]
  readonly osl?: readonly number[]
  readonly slo?: readonly string[]
  readonly dryRun?: boolean
  readonly json?: true
}

/** `fulcrum init [FILE]` */
export function addInit(program: Command): void {
  const numbers = (text: string, before: readonly number[] = []) => [...before, wholeNumber()(text)]
  const command = program
    .command('init')
    .argument('[file]', 'File to write', 'sweep.yaml')
    .description('Write a sweep file to start from, without overwriting any file')
    .option('--template <name>', `Template: ${templates.join(', ')} (default: quick)`)
    .option('--list', 'List the templates')
    .addOption(new Option('--backend <name>', 'Write a sweep for this backend instead').choices(Object.keys(backends)))
    .option('--model <name>', 'Model name in requests')
    .option('--tokenizer <path>', 'Folder of the tokenizer, for models other than DeepSeek V3 and R1')
    .option('--gpus <n>', 'GPUs that the deployment may use', wholeNumber({ to: 10_000 }))
    .option('--gpus-per-worker <n>', 'GPUs of each worker', wholeNumber({ to: 10_000 }))
    .option('--url <url>', 'Base URL of the running endpoint, for --backend attach')
    .option('--isl <n>', 'Input tokens of a workload (repeatable; needs an --osl each)', numbers)
    .option('--osl <n>', 'Output tokens of a workload (repeatable)', numbers)
    .option(
      '--slo <objective>',
      'SLO: ttft_p95_ms=2000, itl_p95_ms=25 or request_latency_p95_ms=… (repeatable)',
      repeated,
    )
    .option('--dry-run', 'Print the file instead of writing it')
    .option('--json', 'Print JSON: the path and the template')
    .addHelpText(
      'after',
      `
Examples:
  $ fulcrum init
  $ fulcrum init mine.yaml --template dynamo-mocker
  $ fulcrum init mine.yaml --backend vllm --gpus 8 --gpus-per-worker 2 --isl 8000 --osl 256 --slo ttft_p95_ms=2000

In a terminal, fulcrum init without a template or a backend asks for the
backend, GPUs, workloads and SLO. Elsewhere it writes the template quick, which
runs on the simulated engine: no GPU, no Dynamo.`,
    )
    .action(async (file: string, options: InitOptions) => {
      if (options.list) await printTemplates(options.json === true)
      else if (options.backend !== undefined) await writeOwn(file, askedBy(options, options.backend), options)
      else {
        const unused = (['model', 'tokenizer', 'gpus', 'gpusPerWorker', 'url', 'isl', 'osl', 'slo'] as const).find(
          key => options[key] !== undefined,
        )
        if (unused !== undefined)
          command.error(`error: --${unused.replace('gpusPerWorker', 'gpus-per-worker')} needs --backend NAME`)
        const asks = process.stdin.isTTY && process.stdout.isTTY && !options.json && !options.dryRun
        if (options.template !== undefined || !asks) return writeTemplate(file, options.template ?? 'quick', options)
        const { askForSweep } = await import('../ask-for-sweep.ts')
        const asked = await askForSweep(backends)
        if (typeof asked === 'string') await writeTemplate(file, asked, options)
        else await writeOwn(file, asked, options)
      }
    })
}

async function writeTemplate(file: string, template: string, { dryRun = false, json }: InitOptions): Promise<void> {
  const { writeSweepTemplate } = await import('../../commands/init.ts')
  const [sweep, ...beside] = await writeSweepTemplate(file, template, dryRun)
  const paths = beside.map(({ path }) => path)
  if (json) console.log(jsonText({ path: sweep.path, beside: paths, template, written: !dryRun }))
  else if (dryRun)
    process.stdout.write([sweep.text, ...beside.map(({ path, text }) => `# file ${path}\n${text}`)].join('\n'))
  else printWritten(file, [sweep.path, ...paths])
}

async function writeOwn(file: string, asked: AskedSweep, { dryRun = false, json }: InitOptions): Promise<void> {
  const { writeOwnSweep } = await import('../../commands/init.ts')
  const { path, text } = await writeOwnSweep(file, asked, dryRun)
  if (json) console.log(jsonText({ path, beside: [], backend: asked.backend, written: !dryRun }))
  else if (dryRun) process.stdout.write(text)
  else printWritten(file, [path])
}

function printWritten(file: string, paths: readonly string[]): void {
  const wrote = paths.map(path => `Wrote ${path}\n`).join('')
  console.log(`${wrote}Next: fulcrum plan ${file}, then fulcrum run ${file}`)
}

function askedBy({ isl = [], osl = [], slo = [], ...options }: InitOptions, backend: string): AskedSweep {
  if (options.template !== undefined)
    throw new FulcrumError('bad-input', 'conflicting-options', '--template and --backend each write a file.', {
      remedy: 'Leave out one of them.',
    })
  if (isl.length !== osl.length)
    throw new FulcrumError('bad-input', 'unequal-lengths', `There are ${isl.length} --isl and ${osl.length} --osl.`, {
      remedy: 'Give both for each workload, such as --isl 8000 --osl 256.',
    })
  const { model, tokenizer, gpus, gpusPerWorker, url } = options
  const workloads = isl.length === 0 ? undefined : isl.map((tokens, at) => ({ isl: tokens, osl: osl[at] ?? tokens }))
  return {
    backend,
    ...defined({ model, tokenizer, gpus, gpusPerWorker, url, workloads }),
    ...(slo.length === 0 ? {} : { slo: objectives(slo) }),
  }
}

/** Reads `ttft_p95_ms=2000`. The check of the sweep file rejects unknown objectives. */
function objectives(texts: readonly string[]): { readonly [objective: string]: number } {
  return Object.fromEntries(
    texts.map(text => {
      const [, key = '', ms = ''] = /^\s*(\w+)\s*=\s*(\d+(?:\.\d+)?)\s*$/.exec(text) ?? []
      if (Number(ms) > 0 && Number.isFinite(Number(ms))) return [key, Number(ms)]
      throw new FulcrumError('bad-input', 'slo-invalid', `Invalid objective '${text}' in --slo.`, {
        remedy: 'Write such as ttft_p95_ms=2000, in ms.',
      })
    }),
  )
}

async function printTemplates(json: boolean): Promise<void> {
  const { listedTemplates } = await import('../../commands/init.ts')
  const { templateList } = await import('../../render/terminal/template-list.ts')
  const listed = listedTemplates()
  console.log(json ? jsonText(listed) : templateList(listed))
}
