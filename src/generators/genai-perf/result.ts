import { readFile } from 'node:fs/promises'
import { hasPlainItl } from '../../metrics/delivery.ts'
import type { Finding, Measurement } from '../../metrics/measurement.ts'
import { FulcrumError, type Point } from '../../model/index.ts'
import { disagreements } from '../programs/agreement.ts'
import { measurementOf } from '../programs/measurement.ts'
import type { ProgramEnd } from '../programs/run-program.ts'
import { untestedVersion } from '../programs/tested-version.ts'
import { buildTokenizer, readTokenizer } from '../tokenizer.ts'
import type { Artifacts } from './artifacts.ts'
import { genaiPerfCrash } from './failure.ts'
import { exportsDisagree, readCsvFigures } from './own-csv.ts'
import { type OwnFigures, ownFiguresOf, readOwnFigures } from './own-figures.ts'
import { readRawRequests } from './raw-requests.ts'
import { parseResponse } from './response.ts'
import { chunkGaps, type PromptedResponse, promptOf, rowsOf } from './rows.ts'
import { testedGenaiPerf } from './version.ts'

/** A finished run of genai-perf with its record of requests. */
export interface GenaiPerfRun {
  readonly end: ProgramEnd
  readonly artifacts: Artifacts & { readonly raw: string }
  readonly logFile: string
  readonly version: string
  readonly runFolder: string
}

/**
 * Computes the measurement from perf_analyzer's record of requests, even if genai-perf crashed while reading it.
 * @throws FulcrumError failed `genai-perf-output-unreadable`
 */
export async function readResult(point: Point, run: GenaiPerfRun): Promise<Measurement> {
  const { raw, json, csv } = run.artifacts
  const { responses, originNs } = await parseResponses(raw, point)
  const stated = json === null ? null : readOwnFigures(await readFile(json, 'utf8'))
  const table = csv === null ? null : readCsvFigures(await readFile(csv, 'utf8'))
  // If the run ended between writing the two, one of them is missing. Both contain the same figures.
  const own = stated ?? (table === null ? null : ownFiguresOf(table))
  const { rows, tokenSource, tokenCounts } = rowsOf(responses, own, await tokenCounter(point, responses, own))
  const measurement = measurementOf(point, {
    version: run.version,
    rows,
    startedAtMs: originNs / 1e6,
    wallS: run.end.elapsedS,
    knowsSchedule: false,
    interChunkMs: chunkGaps(responses),
    tokenSource,
    tokenCounts,
    remarks: [],
    runFolder: run.runFolder,
    files: [raw, json, csv, run.logFile].filter(file => file !== null),
  })
  const remarks = [
    ...untestedVersion(testedGenaiPerf, run.version),
    ...(own === null ? [rescued(run.end)] : checked(own, measurement)),
    ...(stated === null || table === null ? [] : exportsDisagree(stated, table)),
  ]
  return { ...measurement, remarks: [...(measurement.remarks ?? []), ...remarks] }
}

async function parseResponses(raw: string, point: Point): Promise<{ responses: PromptedResponse[]; originNs: number }> {
  const { api, streaming } = point.load
  const responses: PromptedResponse[] = []
  let originNs: number | null = null
  for await (const request of readRawRequests(raw)) {
    originNs ??= request.timestamp
    const prompt = promptOf(request.request_inputs.payload, api)
    responses.push({ ...parseResponse(request, api, streaming, originNs), prompt })
  }
  if (originNs === null) {
    throw new FulcrumError('failed', 'genai-perf-output-unreadable', 'perf_analyzer recorded no requests', {
      where: raw,
    })
  }
  return { responses, originNs }
}

/** Building a tokenizer takes 0.3 s and 190 MB, so this only happens if there is text to count. */
async function tokenCounter(
  point: Point,
  responses: readonly PromptedResponse[],
  own: OwnFigures | null,
): Promise<(text: string) => number> {
  let needed = false
  rowsOf(responses, own, () => {
    needed = true
    return 0
  })
  if (!needed) return () => 0
  const tokenizer = buildTokenizer(await readTokenizer(point.deployment.model.tokenizer))
  const known = new Map<string, number>()
  return text => {
    const tokens = known.get(text) ?? tokenizer.encode(text).length
    known.set(text, tokens)
    return tokens
  }
}

function rescued(end: ProgramEnd): Finding {
  return {
    severity: 'warning',
    code: 'genai-perf-crashed',
    message: `genai-perf crashed over its results (${genaiPerfCrash(end) ?? 'no summary was written'}); these figures are from perf_analyzer's record of the same requests`,
  }
}

function checked(own: OwnFigures, measurement: Measurement): Finding[] {
  return disagreements('genai-perf', [
    { name: 'TTFT mean (ms)', stated: own.time_to_first_token?.avg, recorded: measurement.ttftMs?.mean },
    { name: 'TTST mean (ms)', stated: own.time_to_second_token?.avg, recorded: measurement.ttstMs?.mean },
    {
      name: 'ITL mean (ms)',
      // genai-perf subtracts one token, and includes answers in one piece, so the comparison requires one token per
      // chunk.
      stated: aTokenAChunk(measurement) ? own.inter_token_latency?.avg : undefined,
      recorded: measurement.itlMs?.mean,
    },
    {
      name: 'request latency mean (ms)',
      stated: own.request_latency?.avg,
      recorded: measurement.requestLatencyMs?.mean,
    },
    { name: 'OSL mean', stated: own.output_sequence_length?.avg, recorded: measurement.osl?.mean },
    { name: 'requests/s', stated: own.request_throughput?.avg, recorded: measurement.requestsPerS },
    { name: 'output tokens/s', stated: own.output_token_throughput?.avg, recorded: measurement.outputTokensPerS },
  ])
}

function aTokenAChunk(measurement: Measurement): boolean {
  const { outputTokens, chunks } = measurement.totals
  return hasPlainItl(measurement) && outputTokens !== null && outputTokens <= chunks
}
