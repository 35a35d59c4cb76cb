import { longestRunMs as longest } from '../generators/programs/bounds.ts'
import type { Row } from '../generators/programs/rows.ts'
import type { ProgramEnd, ProgramSpec } from '../generators/programs/run-program.ts'
import type { PromptText } from '../generators/prompt-texts.ts'
import type { Finding, Measurement } from '../metrics/measurement.ts'
import type { Load, Model, Point } from '../model/index.ts'

/**
 * The distinct prompts of a point as text, with the tokens that the server should count and the tokens to request. The
 * prompts of a point are the same on every machine. Other points have other prompts, so no prefix cache can serve them.
 *
 * @throws FulcrumError (bad-input) if the workload's prompts cannot be made or are not single texts
 * @example
 * ```ts
 * import { planSweep, promptTexts } from 'fulcrum'
 *
 * const { deployments } = await planSweep('sweeps/quick.yaml')
 * const [point] = deployments[0]?.points ?? []
 * const prompts = point === undefined ? [] : await promptTexts(point, AbortSignal.timeout(60_000))
 * console.log(prompts[0]?.inputTokens)
 * ```
 */
export async function promptTexts(point: Point, signal: AbortSignal): Promise<readonly PromptText[]> {
  return (await import('../generators/prompt-texts.ts')).promptTextsOf(point, signal)
}

/**
 * Writes the files of a model's tokenizer (`tokenizer.json`, `tokenizer_config.json`, `chat_template.jinja`) into a
 * folder, for a program that counts tokens itself. Tokenizers shipped with Fulcrum need no download.
 *
 * @throws FulcrumError (bad-input) `tokenizer-missing` if one of its files cannot be read
 * @example
 * ```ts
 * import { writeTokenizer } from 'fulcrum'
 *
 * await writeTokenizer({ tokenizer: 'builtin:deepseek-v3' }, 'tokenizer')
 * ```
 */
export async function writeTokenizer({ tokenizer }: Pick<Model, 'tokenizer'>, folder: string): Promise<void> {
  return (await import('../generators/tokenizer-files.ts')).writeTokenizer(tokenizer, folder)
}

/**
 * Runs a program in its own process group until it exits, exceeds its deadline or is aborted. Afterwards no process of
 * the group is alive. If Fulcrum is killed meanwhile, `fulcrum doctor` finds the remaining processes.
 *
 * @throws the signal's reason; FulcrumError (environment) `program-not-started` if there is no such program
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs'
 * import { defineGenerator, longestRunMs, type MeasuredRequests, measurementOf, runProgram } from 'fulcrum'
 *
 * const readRequests = (file: string): MeasuredRequests['requests'] => JSON.parse(readFileSync(file, 'utf8'))
 *
 * export default defineGenerator({
 *   name: 'my-load',
 *   about: 'my-load, our own client',
 *   keys: {},
 *   capabilities: { apis: ['chat'], loads: ['concurrency'] },
 *   create: (_, { runFolder, ledger }) => ({
 *     measure: async (point, endpoint, { folder, signal }) => {
 *       const startedAtMs = Date.now()
 *       const { elapsedS } = await runProgram({
 *         name: 'my-load',
 *         argv: ['my-load', '--url', endpoint.url],
 *         folder,
 *         logFile: `${folder}/my-load.log`,
 *         deadlineMs: longestRunMs(point.load),
 *         signal,
 *         ledger: await ledger(),
 *       })
 *       const requests = readRequests(`${folder}/requests.json`)
 *       const source = { version: '1', tokenSource: 'usage', runFolder } as const
 *       return measurementOf(point, { ...source, requests, startedAtMs, wallS: elapsedS })
 *     },
 *     close: async () => {},
 *   }),
 * })
 * ```
 */
export async function runProgram(spec: ProgramToRun): Promise<ProgramEnd> {
  const run = await import('../generators/programs/run-program.ts')
  const { mkdir } = await import('node:fs/promises')
  await mkdir(spec.folder, { recursive: true })
  return run.runProgram({ env: {}, watch: async () => null, ...spec })
}

type ProgramToRun = Omit<ProgramSpec, 'env' | 'watch'> & Partial<Pick<ProgramSpec, 'env' | 'watch'>>

/**
 * Maximum time in ms that a program may take for a load if every request takes until its timeout. A program that takes
 * longer hangs.
 *
 * @example
 * ```ts
 * import { longestRunMs, planSweep } from 'fulcrum'
 *
 * const { deployments } = await planSweep('sweeps/quick.yaml')
 * for (const { load } of deployments[0]?.points ?? []) console.log(longestRunMs(load) / 1000, 's')
 * ```
 */
export function longestRunMs(load: Load): number {
  return longest(load)
}

/**
 * Output of a program's run for making a measurement.
 *
 * @example
 * ```ts
 * import type { MeasuredRequests } from 'fulcrum'
 *
 * const request: MeasuredRequests['requests'][number] = {
 *   ...{ scheduledMs: 0, sentMs: 0, firstTokenMs: 50, secondTokenMs: 60, lastTokenMs: 120, doneMs: 121 },
 *   ...{ inputTokens: 1000, outputTokens: 8, chunks: 8, firstChunkTokens: 1, failure: null },
 * }
 * console.log(request.firstTokenMs - request.sentMs)
 * ```
 */
export interface MeasuredRequests {
  /** Version of the program. */
  readonly version: string
  /**
   * One record for each measured request, with times in ms on any one clock; NaN for values that the program does not
   * record.
   */
  readonly requests: readonly Row[]
  /** Epoch ms of the first measured request. */
  readonly startedAtMs: number
  /** Duration of the program's run in seconds. */
  readonly wallS: number
  /** How output tokens were counted. */
  readonly tokenSource: Measurement['tokenSource']
  /**
   * For a load with a schedule: whether `scheduledMs` is the program's own record of when a request was due. Default:
   * false.
   */
  readonly knowsSchedule?: boolean
  /** Gaps between the chunks of each answer, in ms. Default: unknown. */
  readonly interChunkMs?: readonly number[]
  /** Additional findings about the measurement. */
  readonly remarks?: readonly Finding[]
  readonly runFolder: string
  /** Absolute paths of files to keep with the point. */
  readonly files?: readonly string[]
}

/**
 * Computes the measurement of a point by a program from its records of requests, with the definitions of the built-in
 * generator. Its figures are of the whole run, because a program without a recorded warm-up has no steady window.
 *
 * @example
 * ```ts
 * import { measurementOf, planSweep } from 'fulcrum'
 *
 * const { deployments } = await planSweep('sweeps/quick.yaml')
 * const [point] = deployments[0]?.points ?? []
 * const times = { scheduledMs: 0, sentMs: 0, firstTokenMs: 50, secondTokenMs: 60, lastTokenMs: 120, doneMs: 121 }
 * const counts = { inputTokens: 1000, outputTokens: 8, chunks: 8, firstChunkTokens: 1 }
 * const requests = [{ ...times, ...counts, failure: null }]
 * const run = { version: '1', startedAtMs: Date.now(), wallS: 1, tokenSource: 'usage', runFolder: '.' } as const
 * if (point !== undefined) console.log((await measurementOf(point, { ...run, requests })).ttftMs?.mean)
 * ```
 */
export async function measurementOf(point: Point, measured: MeasuredRequests): Promise<Measurement> {
  const program = await import('../generators/programs/measurement.ts')
  const { requests, knowsSchedule = false, interChunkMs = [], remarks = [], files = [], ...rest } = measured
  const completed = requests.filter(({ failure }) => failure === null).length
  const counted = { usage: 0, tokenizer: 0, chunks: 0, missing: 0, early: 0, impossible: 0, noPromptTokens: 0 }
  const tokenCounts = measured.tokenSource === 'generator' ? counted : { ...counted, [measured.tokenSource]: completed }
  return program.measurementOf(point, {
    ...rest,
    rows: requests,
    knowsSchedule,
    interChunkMs: Float64Array.from(interChunkMs),
    tokenCounts,
    remarks,
    files,
  })
}
