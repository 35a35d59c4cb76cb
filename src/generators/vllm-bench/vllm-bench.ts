import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Measurement } from '../../metrics/measurement.ts'
import type { Endpoint, Point } from '../../model/index.ts'
import { apiKeyOf } from '../api-key.ts'
import type { LoadGenerator, MeasureContext } from '../generator.ts'
import { longestRunMs } from '../programs/bounds.ts'
import { programEnvironment } from '../programs/environment.ts'
import { runProgram } from '../programs/run-program.ts'
import { openSession, type ProgramOptions } from '../programs/session.ts'
import { stallWatch } from '../programs/stall.ts'
import { comingRound, type PromptText, promptTextsOf } from '../prompt-texts.ts'
import { vllmBenchArguments } from './command.ts'
import { vllmBenchFailure } from './failure.ts'
import { resultOf } from './result.ts'
import { readBenchResult } from './result-file.ts'
import { writeTimedTrace } from './trace-file.ts'
import { findVllmRs, installVllmRs } from './version.ts'

/**
 * vLLM's own load client, `vllm-rs bench serve`, tested with 0.33.0. Its records of requests are evaluated with the
 * built-in generator's definitions, and its own figures serve as a check.
 */
export function vllmBench(options: ProgramOptions): LoadGenerator {
  const session = openSession('vllm-bench', installVllmRs, options)

  async function measure(point: Point, endpoint: Endpoint, context: MeasureContext): Promise<Measurement> {
    // Reports a missing key before anything starts.
    const key = apiKeyOf(endpoint, process.env)
    const { load, deployment } = point
    const folder = join(context.folder, 'vllm-bench')
    const resultName = 'result.json'
    const files = {
      prompts: join(folder, 'prompts.jsonl'),
      result: join(folder, resultName),
      log: join(folder, 'vllm-rs.log'),
    }
    context.onProgress({ phase: 'preparing', done: 0, total: load.requests ?? null })
    const { path, version } = await findVllmRs(options.command)
    const hub = await session.hubCache(deployment.model, endpoint.model)
    await mkdir(folder, { recursive: true })
    const trace = load.level.kind === 'trace' ? await writeTimedTrace(point, files.prompts, context.signal) : undefined
    const inputTokens = trace?.inputTokens ?? (await writePrompts(point, files.prompts, context.signal))
    const total = trace?.requests ?? load.requests ?? null
    const places = {
      prompts: files.prompts,
      tokenizer: hub.folder,
      folder,
      resultName,
      args: options.args,
      ...(trace && { trace }),
    }

    const stalled = stallWatch('vllm-rs', load.timeoutMs, context.signal)
    const startedAtMs = Date.now()
    context.onProgress({ phase: 'measuring', done: 0, total })
    const end = await runProgram({
      name: 'vllm-rs',
      argv: [path, ...vllmBenchArguments(point, endpoint, places)],
      env: {
        ...programEnvironment,
        ...hub.env,
        // vllm-rs reads its bearer token from here. Without a token, it must not send the user's own.
        OPENAI_API_KEY: key ?? '',
      },
      folder,
      logFile: files.log,
      deadlineMs: longestRunMs(load) + (trace?.dueMs.at(-1) ?? 0),
      signal: context.signal,
      ledger: await session.ledger(),
      watch: async (_, group) => stalled(group),
    })
    context.onProgress({ phase: 'summarising', done: 0, total: null })
    const text = await readFile(files.result, 'utf8').catch(() => null)
    if (text === null || end.gaveUp !== null) throw vllmBenchFailure(end, files.log, version)
    const result = readBenchResult(text, files.result, version)
    return resultOf(point, {
      ...{ end, result, version, inputTokens, ...(trace && { trace }) },
      startedAtMs: Math.max(startedAtMs, Date.now() - result.duration * 1000),
      runFolder: options.runFolder,
      files: [files.result, files.log],
    })
  }

  const prepare = async () => void (await findVllmRs(options.command))
  return { prepare, measure, close: session.close }
}

/** Writes the prompt of each request, and returns their tokens. */
async function writePrompts(point: Point, file: string, signal: AbortSignal): Promise<readonly number[]> {
  const prompts = comingRound(await promptTextsOf(point, signal), point.load.requests ?? 0)
  await writeFile(file, prompts.map(promptLine).join(''))
  return prompts.map(({ inputTokens }) => inputTokens)
}

const promptLine = ({ text, outputTokens }: PromptText) =>
  `${JSON.stringify({ prompt: text, output_tokens: outputTokens })}\n`
