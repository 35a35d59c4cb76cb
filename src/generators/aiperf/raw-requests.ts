import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { FulcrumError } from '../../model/index.ts'

const value = z.object({ value: z.number() }).optional()

const rawRequest = z.object({
  metadata: z.object({
    benchmark_phase: z.string(),
    /** Epoch times in ns at which the slot or schedule released the request, it was sent, and it ended. */
    credit_issued_ns: z.number().nullish(),
    request_start_ns: z.number(),
    request_end_ns: z.number(),
    was_cancelled: z.boolean().optional(),
  }),
  /** Times in ms. */
  metrics: z.object({
    time_to_first_token: value,
    time_to_second_token: value,
    /** First token after reasoning; equals the TTFT without reasoning. */
    time_to_first_output_token: value,
    request_latency: value,
    inter_chunk_latency: z.object({ value: z.array(z.number()) }).optional(),
    input_sequence_length: value,
    output_sequence_length: value,
    /** Visible reasoning tokens, counted by AIPerf's tokenizer. */
    reasoning_token_count: value,
    usage_reasoning_tokens: value,
    usage_prompt_tokens: value,
    usage_completion_tokens: value,
  }),
  error: z.object({ code: z.number().nullish(), type: z.string().nullish(), message: z.string().nullish() }).nullish(),
})

/** One line of AIPerf's profile_export.jsonl, as far as Fulcrum reads it. */
export type RawRequest = z.infer<typeof rawRequest>

/**
 * Reads the measured requests of a profile_export.jsonl, without warm-up. Stops at a truncated last line, as a killed
 * AIPerf leaves it.
 * @throws FulcrumError failed `aiperf-output-unreadable` for invalid lines
 */
export async function readRawRequests(file: string): Promise<RawRequest[]> {
  const requests: RawRequest[] = []
  let torn: { readonly line: number; readonly cause: unknown } | null = null
  let number = 0
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1
    if (line.trim() === '') continue
    if (torn !== null) throw unreadable(file, torn.line, torn.cause)
    try {
      const request = rawRequest.parse(JSON.parse(line))
      if (request.metadata.benchmark_phase === 'profiling') requests.push(request)
    } catch (cause) {
      torn = { line: number, cause }
    }
  }
  if (torn !== null && !(torn.cause instanceof SyntaxError)) throw unreadable(file, torn.line, torn.cause)
  return requests
}

function unreadable(file: string, line: number, cause: unknown): FulcrumError {
  return new FulcrumError('failed', 'aiperf-output-unreadable', "Could not read AIPerf's record of requests", {
    where: `${file}:${line}`,
    remedy: 'Fulcrum reads the records of AIPerf 0.13.',
    cause,
  })
}
