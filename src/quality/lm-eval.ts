import { glob, mkdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { apiKeyOf } from '../generators/api-key.ts'
import { programEnvironment } from '../generators/programs/environment.ts'
import { findOnPath } from '../generators/programs/find-program.ts'
import { runProgram } from '../generators/programs/run-program.ts'
import type { LmEvalResults, LmEvalTask } from '../metrics/quality.ts'
import { type Api, type Endpoint, FulcrumError } from '../model/index.ts'
import { openLedger } from '../process/ledger.ts'
import { describeExit } from '../process/process.ts'
import { questionUrl } from './request.ts'
import type { LmEvalWanted } from './wanted.ts'

/** Command that installs the program. */
const install = "pip install 'lm-eval[api]'"

/**
 * The command that evaluates an endpoint. It keeps answers in `requests` below `folder` (`--use_cache`), so that a
 * killed call resumes from them.
 */
function lmEvalCommand(
  { tasks, limit, fewshot, args }: LmEvalWanted,
  asked: { readonly endpoint: Endpoint; readonly api: Api; readonly concurrency: number; readonly timeoutMs: number },
  folder: string,
): readonly string[] {
  const { endpoint, api, concurrency, timeoutMs } = asked
  const chat = api !== 'completions'
  const model = [
    `model=${endpoint.model}`,
    `base_url=${questionUrl(endpoint, chat ? 'chat' : 'completions')}`,
    `num_concurrent=${concurrency}`,
    `timeout=${Math.ceil(timeoutMs / 1000)}`,
    'max_retries=1',
    'tokenized_requests=False',
    'tokenizer_backend=None',
  ]
  return [
    ...['--model', chat ? 'local-chat-completions' : 'local-completions'],
    ...['--model_args', model.join(',')],
    ...['--tasks', tasks.join(',')],
    ...['--output_path', join(folder, 'results')],
    ...['--use_cache', join(folder, 'requests')],
    ...(chat ? ['--apply_chat_template'] : []),
    ...(limit === null ? [] : ['--limit', String(limit)]),
    ...(fewshot === null ? [] : ['--num_fewshot', String(fewshot)]),
    ...args,
  ]
}

/** Metrics that are shares of right answers; preferred ones come first. */
const shareMetrics = ['exact_match', 'acc', 'acc_norm', 'em', 'pass@1', 'pass_at_1', 'prompt_level_strict_acc']

const resultsSchema = z.looseObject({
  results: z.record(z.string(), z.record(z.string(), z.unknown())),
  'n-samples': z.record(z.string(), z.looseObject({ effective: z.number() })).optional(),
  group_subtasks: z.record(z.string(), z.array(z.string())).optional(),
  lm_eval_version: z.string().nullish(),
})

/**
 * Reads `results_<time>.json` of lm-evaluation-harness (0.4.x: `results.<task>.<metric>,<filter>`,
 * `n-samples.<task>.effective`): the first metric of each task that is a share of right answers. Skips groups, because
 * their tasks are listed as well.
 * @throws FulcrumError failed `lm-eval-unreadable` if the format differs or no task has such a metric
 */
export function readLmEval(text: string, where: string): Pick<LmEvalResults, 'version' | 'tasks'> {
  const unreadable = (why: string) =>
    new FulcrumError('failed', 'lm-eval-unreadable', `Cannot read the results of lm-eval: ${why}`, {
      where,
      remedy: `Use lm-eval 0.4 (${install}), and tasks with one of the metrics ${shareMetrics.join(', ')}.`,
    })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw unreadable('they are not JSON')
  }
  const parsed = resultsSchema.safeParse(value)
  if (!parsed.success) throw unreadable('they have no results of tasks')
  const { results, 'n-samples': samples = {}, group_subtasks: groups = {}, lm_eval_version: version } = parsed.data
  const isGroup = (task: string) => (groups[task] ?? []).length > 0
  const tasks = Object.entries(results).flatMap(([task, figures]): readonly LmEvalTask[] => {
    const found = isGroup(task) ? null : mainMetric(figures)
    const count = samples[task]?.effective
    if (isGroup(task)) return []
    if (found === null) throw unreadable(`task ${task} has none of the metrics that are shares of right answers`)
    if (count === undefined) throw unreadable(`n-samples has no task ${task}`)
    return [{ task, ...found, samples: count }]
  })
  if (tasks.length === 0) throw unreadable('they have no task')
  return { version: version ?? null, tasks }
}

function mainMetric(figures: {
  readonly [key: string]: unknown
}): Pick<LmEvalTask, 'metric' | 'filter' | 'value' | 'stderr'> | null {
  for (const metric of shareMetrics) {
    const key = Object.keys(figures).find(name => name.split(',')[0] === metric)
    const value = key === undefined ? undefined : figures[key]
    if (key === undefined || typeof value !== 'number' || !(value >= 0 && value <= 1)) continue
    const [, filter = 'none'] = key.split(',')
    const error = figures[`${metric}_stderr,${filter}`]
    return { metric, filter, value, stderr: typeof error === 'number' ? error : null }
  }
  return null
}

/**
 * Runs lm-evaluation-harness on an endpoint and reads its results.
 * @throws FulcrumError environment `lm-eval-missing`; failed `lm-eval-failed` with the program's last lines, or
 *   `lm-eval-unreadable`; the signal's reason
 */
export async function runLmEval(
  wanted: LmEvalWanted,
  asked: Parameters<typeof lmEvalCommand>[1],
  place: { readonly runFolder: string; readonly folder: string; readonly signal: AbortSignal },
): Promise<LmEvalResults> {
  const { runFolder, folder, signal } = place
  const program = await findOnPath(wanted.binary)
  if (program === null) {
    throw new FulcrumError('environment', 'lm-eval-missing', `lm-eval was not found: ${wanted.binary}`, {
      remedy: `Install it (${install}) and name its program in the sweep file: quality: { lm_eval: { binary: path/to/venv/bin/lm_eval } }`,
    })
  }
  await mkdir(folder, { recursive: true })
  const key = apiKeyOf(asked.endpoint, process.env)
  const ended = await runProgram({
    name: 'lm-eval',
    argv: [program, ...lmEvalCommand(wanted, asked, folder)],
    env: { ...programEnvironment, OPENAI_API_KEY: key ?? 'none' },
    folder,
    logFile: join(folder, 'lm-eval.log'),
    deadlineMs: wanted.timeoutMs,
    signal,
    ledger: await openLedger({ runFolder }),
    watch: async () => null,
  })
  const failure =
    ended.gaveUp === null
      ? ended.exit?.code === 0
        ? null
        : ended.exit && describeExit(ended.exit)
      : `was stopped: ${ended.gaveUp}`
  const found = (await Array.fromAsync(glob('**/results_*.json', { cwd: join(folder, 'results') }))).sort().at(-1)
  if (failure !== null || found === undefined) {
    const why = failure ?? 'wrote no results'
    throw new FulcrumError('failed', 'lm-eval-failed', `lm-eval ${why}:\n${ended.lines.slice(-8).join('\n')}`, {
      where: join(folder, 'lm-eval.log'),
    })
  }
  const file = join(folder, 'results', found)
  return { ...readLmEval(await readFile(file, 'utf8'), file), resultsFile: relative(runFolder, file) }
}
