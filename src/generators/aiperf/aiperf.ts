import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Measurement } from '../../metrics/measurement.ts'
import type { Endpoint, Point } from '../../model/index.ts'
import { apiKeyOf } from '../api-key.ts'
import type { LoadGenerator, MeasureContext } from '../generator.ts'
import { longestRunMs } from '../programs/bounds.ts'
import { programEnvironment } from '../programs/environment.ts'
import { runProgram } from '../programs/run-program.ts'
import { openSession, type ProgramOptions, packageVersion } from '../programs/session.ts'
import { aiperfArguments } from './command.ts'
import { aiperfFailure } from './failure.ts'
import { keyConfig } from './key-config.ts'
import { readOwnFigures } from './own-figures.ts'
import { progressReader } from './progress.ts'
import { readRawRequests } from './raw-requests.ts'
import { resultOf } from './result.ts'
import { writeTraceFile } from './trace-file.ts'

const install = 'pip install aiperf==0.13.0'

/**
 * AIPerf 0.13. Fulcrum computes figures from AIPerf's record of requests with the built-in generator's definitions, and
 * checks them against AIPerf's own figures.
 */
export function aiperf(options: ProgramOptions): LoadGenerator {
  const session = openSession('aiperf', install, options)

  async function measure(point: Point, endpoint: Endpoint, context: MeasureContext): Promise<Measurement> {
    // Reports a missing key before anything is started.
    apiKeyOf(endpoint, process.env)
    const { load, deployment } = point
    const folder = join(context.folder, 'aiperf')
    const files = {
      log: join(folder, 'aiperf.log'),
      records: join(folder, 'profile_export.jsonl'),
      summary: join(folder, 'profile_export_aiperf.json'),
    }
    const traceFile = join(folder, 'trace.jsonl')
    const program = await session.program()
    const hub = await session.hubCache(deployment.model, endpoint.model)
    await mkdir(folder, { recursive: true })
    const config = endpoint.apiKeyEnv === undefined ? {} : { configFile: join(folder, 'fulcrum.yaml') }
    if (endpoint.apiKeyEnv !== undefined && config.configFile !== undefined) {
      await writeFile(config.configFile, keyConfig(endpoint.apiKeyEnv, load, traceFile))
    }
    const places = { tokenizer: hub.tokenizer, artifactFolder: folder, args: options.args, ...config }
    context.onProgress({ phase: 'preparing', done: 0, total: load.requests ?? null })
    const trace = load.level.kind === 'trace' ? await writeTraceFile(point, endpoint, traceFile, context.signal) : null
    const argv = aiperfArguments(point, endpoint, { ...places, traceFile })
    const total = trace?.requests ?? load.requests ?? null
    const progress = progressReader(files.records, total)
    const end = await runProgram({
      name: 'aiperf',
      argv: [program.path, ...argv],
      env: { ...programEnvironment, ...hub.env },
      folder,
      logFile: files.log,
      deadlineMs: longestRunMs(load) + (trace?.longestMs ?? 0),
      signal: context.signal,
      ledger: await session.ledger(),
      watch: async () => {
        context.onProgress(await progress())
        return null
      },
    })
    const requests = (await exists(files.records)) ? await readRawRequests(files.records) : []
    if (requests.length === 0) throw aiperfFailure(end, files.log)
    const summary = await readFile(files.summary, 'utf8').catch(() => '')
    return resultOf(point, {
      end,
      requests,
      ...(trace === null ? {} : { trace }),
      own: readOwnFigures(summary),
      version: await packageVersion(program, 'aiperf'),
      runFolder: options.runFolder,
      files: [files.records, ...(summary === '' ? [] : [files.summary]), files.log],
    })
  }

  return { prepare: session.prepare, measure, close: session.close }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
