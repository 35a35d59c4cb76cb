import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Measurement } from '../../metrics/measurement.ts'
import { type Endpoint, FulcrumError, type Point } from '../../model/index.ts'
import type { LoadGenerator, MeasureContext } from '../generator.ts'
import { longestRunMs } from '../programs/bounds.ts'
import { programEnvironment } from '../programs/environment.ts'
import { requestsToSend } from '../programs/requests-to-send.ts'
import { runProgram } from '../programs/run-program.ts'
import { openSession, type ProgramOptions } from '../programs/session.ts'
import { stallWatch } from '../programs/stall.ts'
import { comingRound, type PromptText, promptTextsOf } from '../prompt-texts.ts'
import { guideLlmFailure } from './failure.ts'
import { readGuideLlmReport } from './report-file.ts'
import { resultOf } from './result.ts'
import { scenarioOf } from './scenario.ts'
import { installGuideLlm } from './version.ts'

/**
 * GuideLLM, tested with 0.8.1. Fulcrum computes figures from its records of requests with the built-in generator's
 * definitions, and checks them against GuideLLM's own figures.
 */
export function guideLlm(options: ProgramOptions): LoadGenerator {
  const session = openSession('guidellm', installGuideLlm, options)

  async function measure(point: Point, endpoint: Endpoint, context: MeasureContext): Promise<Measurement> {
    if (endpoint.apiKeyEnv !== undefined) {
      throw new FulcrumError(
        'bad-input',
        'generator-cannot',
        'GuideLLM takes a bearer token only from a file or the command line, which others may read.',
        { remedy: 'Use the generator built-in for a server that asks for a token.' },
      )
    }
    const { load, deployment } = point
    const folder = join(context.folder, 'guidellm')
    const files = {
      prompts: join(folder, 'prompts.jsonl'),
      scenario: join(folder, 'scenario.json'),
      report: join(folder, 'report.json'),
      log: join(folder, 'guidellm.log'),
    }
    const total = load.requests ?? null
    context.onProgress({ phase: 'preparing', done: 0, total })
    const program = await session.program()
    const hub = await session.hubCache(deployment.model, endpoint.model)
    await mkdir(folder, { recursive: true })
    const prompts = comingRound(await promptTextsOf(point, context.signal), requestsToSend(load))
    await writeFile(files.prompts, prompts.map(promptLine).join(''))
    const places = { prompts: files.prompts, tokenizer: hub.tokenizer, report: files.report }
    await writeFile(files.scenario, `${JSON.stringify(scenarioOf(point, endpoint, places), null, 2)}\n`)

    const stalled = stallWatch('GuideLLM', load.timeoutMs, context.signal)
    context.onProgress({ phase: 'measuring', done: 0, total })
    const end = await runProgram({
      name: 'guidellm',
      argv: [program.path, ...guideLlmArguments(files.scenario, options.args)],
      env: { ...programEnvironment, ...hub.env },
      folder,
      logFile: files.log,
      deadlineMs: longestRunMs(load),
      signal: context.signal,
      ledger: await session.ledger(),
      watch: async (_, group) => stalled(group),
    })
    context.onProgress({ phase: 'summarising', done: 0, total: null })
    const text = await readFile(files.report, 'utf8').catch(() => null)
    if (text === null || end.gaveUp !== null) throw guideLlmFailure(end, files.log)
    return resultOf(point, {
      report: readGuideLlmReport(text, files.report),
      elapsedS: end.elapsedS,
      runFolder: options.runFolder,
      files: [files.report, files.scenario, files.log],
    })
  }

  return { prepare: session.prepare, measure, close: session.close }
}

/** Arguments of GuideLLM 0.8. The user's arguments come last. */
export const guideLlmArguments = (scenario: string, args: readonly string[]): readonly string[] => [
  ...['run', '--scenario', scenario, '--disable-console-interactive'],
  ...args,
]

const promptLine = ({ text, outputTokens }: PromptText) =>
  `${JSON.stringify({ prompt: text, output_tokens_count: outputTokens })}\n`
