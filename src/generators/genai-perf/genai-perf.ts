import { mkdir } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Measurement } from '../../metrics/measurement.ts'
import { type Endpoint, FulcrumError, type Point } from '../../model/index.ts'
import type { LoadGenerator, MeasureContext } from '../generator.ts'
import { longestRunMs } from '../programs/bounds.ts'
import { programEnvironment } from '../programs/environment.ts'
import { librariesOf, type Program } from '../programs/find-program.ts'
import { runProgram } from '../programs/run-program.ts'
import { openSession, type ProgramOptions, packageVersion } from '../programs/session.ts'
import { stallWatch } from '../programs/stall.ts'
import { findArtifacts } from './artifacts.ts'
import { genaiPerfArguments } from './command.ts'
import { genaiPerfFailure } from './failure.ts'
import { genaiPerfPhase } from './progress.ts'
import { readResult } from './result.ts'

const install = 'pip install genai-perf==0.0.16 tritonclient==2.50.0 nvidia-cuda-runtime-cu12'

/**
 * genai-perf 0.0.16 with the command of Dynamo's guide. Fulcrum computes figures from its raw record of requests with
 * the built-in generator's definitions, and checks them against genai-perf's own figures.
 */
export function genaiPerf(options: ProgramOptions): LoadGenerator {
  const session = openSession('genai-perf', install, options)

  async function measure(point: Point, endpoint: Endpoint, context: MeasureContext): Promise<Measurement> {
    if (endpoint.apiKeyEnv !== undefined) throw noBearerToken()
    const { load, deployment } = point
    const folder = join(context.folder, 'genai-perf')
    const logFile = join(folder, 'genai-perf.log')
    const program = await session.program()
    const hub = await session.hubCache(deployment.model, endpoint.model)
    const places = { tokenizer: hub.tokenizer, artifactFolder: folder, args: options.args }
    const argv = genaiPerfArguments(point, endpoint, places)
    await mkdir(folder, { recursive: true })

    const stalled = stallWatch('perf_analyzer', load.timeoutMs, context.signal)
    context.onProgress({ phase: 'preparing', done: 0, total: load.requests ?? null })
    const end = await runProgram({
      name: 'genai-perf',
      argv: [program.path, ...argv],
      env: { ...programEnvironment, ...hub.env, ...(await environmentOf(program)) },
      folder,
      logFile,
      deadlineMs: longestRunMs(load),
      signal: context.signal,
      ledger: await session.ledger(),
      watch: async (lines, group) => {
        context.onProgress({ phase: genaiPerfPhase(lines), done: 0, total: load.requests ?? null })
        return stalled(group)
      },
    })
    const artifacts = await findArtifacts(folder)
    if (artifacts.raw === null) throw genaiPerfFailure(end, logFile)
    return readResult(point, {
      end,
      artifacts: { ...artifacts, raw: artifacts.raw },
      logFile,
      version: await packageVersion(program, 'genai_perf'),
      runFolder: options.runFolder,
    })
  }

  return { prepare: session.prepare, measure, close: session.close }
}

function noBearerToken(): FulcrumError {
  const message =
    'the generator genai-perf does not support a bearer token: perf_analyzer only accepts headers on its command line, where every user can read them'
  return new FulcrumError('bad-input', 'generator-cannot', message, { remedy: 'write generator: built-in, or aiperf' })
}

/** Helps genai-perf find perf_analyzer, and perf_analyzer its libraries. */
async function environmentOf(program: Program): Promise<{ [name: string]: string }> {
  const joined = (first: readonly string[], rest: string | undefined) =>
    [...first, ...(rest ? [rest] : [])].join(delimiter)
  const libraries = await librariesOf(program, 'nvidia/cuda_runtime/lib')
  return {
    PATH: joined([program.binFolder], process.env.PATH),
    ...(libraries.length === 0 ? {} : { LD_LIBRARY_PATH: joined(libraries, process.env.LD_LIBRARY_PATH) }),
  }
}
