import { isCancel, select, text } from '@clack/prompts'
import type { AskedSweep } from '../commands/own-sweep.ts'
import { defined } from '../model/index.ts'

/** The choice that leads to the templates instead of more questions. */
const byTemplate = 'template'

/**
 * Asks in the terminal what the sweep is for.
 * @returns the answers, or the name of a template
 * @throws AbortError if the user leaves
 */
export async function askForSweep(backends: { readonly [name: string]: string }): Promise<AskedSweep | string> {
  const backend = await answered(
    select({
      message: 'What serves the model?',
      options: [
        ...Object.entries(backends).map(([value, label]) => ({ value, label })),
        { value: byTemplate, label: 'Something else: Slurm, Kubernetes, traces, … from a template' },
      ],
    }),
  )
  if (backend === byTemplate) return askForTemplate()
  const { usualGpus } = await import('../commands/own-sweep.ts')
  const usual = usualGpus(backend)
  const isAttached = backend === 'attach'
  const url = isAttached ? await asked('URL of the endpoint', 'http://127.0.0.1:8000', anUrl) : undefined
  const model = await asked('Model name in requests', 'nvidia/DeepSeek-R1-FP4', something)
  const gpus = Number(await asked(isAttached ? 'GPUs behind the endpoint' : 'GPUs', String(usual.gpus), aNumber))
  const isFixed = isAttached || backend === 'simulated'
  const gpusPerWorker = isFixed
    ? undefined
    : Number(await asked('GPUs of each worker', String(usual.gpusPerWorker), aNumber))
  const workloads = await asked('Workloads: input/output tokens', '8000/256, 1000/1000', lengths)
  const ttft = await asked('SLO: TTFT p95 in ms, 0 for none', '2000', aLimit)
  const itl = await asked('SLO: ITL p95 in ms, 0 for none', '50', aLimit)
  return {
    backend,
    model,
    gpus,
    ...defined({ url, gpusPerWorker }),
    workloads: workloads.split(',').map(one => {
      const [isl = 0, osl = 0] = one.split('/').map(Number)
      return { isl, osl }
    }),
    slo: {
      ...(Number(ttft) > 0 ? { ttft_p95_ms: Number(ttft) } : {}),
      ...(Number(itl) > 0 ? { itl_p95_ms: Number(itl) } : {}),
    },
  }
}

async function askForTemplate(): Promise<string> {
  const { listedTemplates } = await import('../commands/init.ts')
  const options = listedTemplates().map(({ name, about }) => ({ value: name, label: name, hint: about }))
  return answered(select({ message: 'Which template?', options }))
}

async function asked(message: string, usual: string, check: (answer: string) => string | undefined): Promise<string> {
  const validate = (answer: string | undefined) => check(answer === undefined || answer === '' ? usual : answer)
  return (await answered(text({ message, placeholder: usual, defaultValue: usual, validate }))).trim()
}

async function answered(answer: Promise<string | symbol>): Promise<string> {
  const given = await answer
  if (isCancel(given)) throw new DOMException('nothing was written', 'AbortError')
  return String(given)
}

const something = (answer: string) => (answer.trim() === '' ? 'Write a name.' : undefined)
const anUrl = (answer: string) => (URL.canParse(answer) ? undefined : 'Write a URL such as http://127.0.0.1:8000.')
const aNumber = (answer: string) => (/^\s*[1-9]\d{0,3}\s*$/.test(answer) ? undefined : 'Write a whole number from 1.')
const aLimit = (answer: string) => (/^\s*\d{1,9}(\.\d+)?\s*$/.test(answer) ? undefined : 'Write milliseconds.')
const lengths = (answer: string) =>
  /^\s*[1-9]\d{0,6}\/[1-9]\d{0,6}\s*(,\s*[1-9]\d{0,6}\/[1-9]\d{0,6}\s*)*$/.test(answer)
    ? undefined
    : 'Write such as 8000/256, 1000/1000.'
