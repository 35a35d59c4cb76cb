import { z } from 'zod'

const statistic = z.looseObject({ avg: z.number() }).optional()

/** The parts of profile_export_aiperf.json (schema 1.4) to compare with the record of requests. */
const ownFigures = z.looseObject({
  aiperf_version: z.string().optional(),
  request_count: statistic,
  error_request_count: statistic,
  time_to_first_token: statistic,
  time_to_second_token: statistic,
  inter_token_latency: statistic,
  request_latency: statistic,
  request_throughput: statistic,
  output_sequence_length: statistic,
  was_cancelled: z.boolean().optional(),
  error_summary: z
    .array(
      z.looseObject({
        count: z.number(),
        error_details: z.looseObject({ code: z.number().nullish(), type: z.string().nullish() }),
      }),
    )
    .default([]),
})

/** AIPerf's own summary; null if there is none, for example because every request failed. */
export type OwnFigures = z.infer<typeof ownFigures>

/** Parses profile_export_aiperf.json; null if it is not a complete summary. */
export function readOwnFigures(text: string): OwnFigures | null {
  try {
    return ownFigures.parse(JSON.parse(text))
  } catch {
    return null
  }
}
