import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Measurement } from '../../metrics/measurement.ts'
import { type Endpoint, FulcrumError, type Point } from '../../model/index.ts'
import type { LoadGenerator, MeasureContext } from '../generator.ts'
import { longestRunMs } from '../programs/bounds.ts'
import { programEnvironment } from '../programs/environment.ts'
import { runProgram } from '../programs/run-program.ts'
import { openSession, type ProgramOptions, packageVersion } from '../programs/session.ts'
import { configOf, inferencePerfArguments } from './config.ts'
import { inferencePerfFailure } from './failure.ts'
import { writePrompts, writeSchedule } from './prompt-files.ts'
import { readOwnFigures, readRecords } from './report-files.ts'
import { resultOf } from './result.ts'
import { inferencePerfPackage, installInferencePerf } from './version.ts'

/**
 * inference-perf, tested with 0.7.0. Fulcrum computes figures from its records of requests with the built-in
 * generator's definitions, and checks them against its own figures.
 */
export function inferencePerf(options: ProgramOptions): LoadGenerator {
  const session = openSession('inference-perf', installInferencePerf, options)

  async function measure(point: Point, endpoint: Endpoint, context: MeasureContext): Promise<Measurement> {
    if (endpoint.apiKeyEnv !== undefined) {
      throw new FulcrumError(
        'bad-input',
        'generator-cannot',
        'inference-perf takes a bearer token only from its configuration, of which it keeps a copy.',
        { remedy: 'Use the generator built-in for a server that asks for a token.' },
      )
    }
    const { load, deployment } = point
    const folder = join(context.folder, 'inference-perf')
    const reports = join(folder, 'reports')
    const files = {
      prompts: join(folder, 'prompts.json'),
      schedule: join(folder, 'schedule.csv'),
      config: join(folder, 'config.json'),
      records: join(reports, 'per_request_lifecycle_metrics.json'),
      summary: join(reports, 'summary_lifecycle_metrics.json'),
      log: join(folder, 'inference-perf.log'),
    }
    const total = load.requests ?? null
    context.onProgress({ phase: 'preparing', done: 0, total })
    const program = await session.program()
    const version = await packageVersion(program, inferencePerfPackage)
    const hub = await session.hubCache(deployment.model, endpoint.model)
    await mkdir(folder, { recursive: true })
    const places = { ...files, tokenizer: hub.folder, reports }
    const config = configOf(point, endpoint, places, availableParallelism())
    await writeFile(files.config, `${JSON.stringify(config, null, 2)}\n`)
    await writePrompts(point, files.prompts, context.signal)
    const dueMs = load.level.kind === 'rate' ? await writeSchedule(point, files.schedule) : undefined

    context.onProgress({ phase: 'measuring', done: 0, total })
    const end = await runProgram({
      name: 'inference-perf',
      argv: [program.path, ...inferencePerfArguments(files.config, options.args)],
      env: { ...programEnvironment, ...hub.env },
      folder,
      logFile: files.log,
      deadlineMs: longestRunMs(load),
      signal: context.signal,
      ledger: await session.ledger(),
      // It ends requests that time out, and reports for many seconds after the last one.
      watch: async () => null,
    })
    context.onProgress({ phase: 'summarising', done: 0, total: null })
    const read = (file: string) => readFile(file, 'utf8').catch(() => null)
    const [records, summary] = await Promise.all([read(files.records), read(files.summary)])
    if (records === null || summary === null || end.gaveUp !== null) throw inferencePerfFailure(end, files.log)
    return resultOf(point, {
      ...{ version, dueMs },
      records: readRecords(records, files.records),
      own: readOwnFigures(summary, files.summary),
      clockMs: epochOfMonotonicMs(),
      elapsedS: end.elapsedS,
      runFolder: options.runFolder,
      files: [files.records, files.summary, files.config, files.log],
    })
  }

  return { prepare: session.prepare, measure, close: session.close }
}

/** Epoch ms at which the system's monotonic clock, which Python and Node share, was 0. */
const epochOfMonotonicMs = () => Date.now() - Number(process.hrtime.bigint()) / 1e6
