import { z } from 'zod'

const statistic = z.looseObject({ unit: z.string(), avg: z.number() })
const distribution = statistic.extend({ min: z.number(), max: z.number() })

/** Parts of profile_export_genai_perf.json that are compared with the raw record. */
const ownFigures = z.looseObject({
  request_throughput: statistic.optional(),
  request_count: statistic.optional(),
  output_token_throughput: statistic.optional(),
  time_to_first_token: distribution.optional(),
  time_to_second_token: distribution.optional(),
  inter_token_latency: distribution.optional(),
  request_latency: distribution.optional(),
  input_sequence_length: distribution.optional(),
  output_sequence_length: distribution.optional(),
})

/** genai-perf's own summary; null if the text is not one, because genai-perf crashed before or while writing it. */
export type OwnFigures = z.infer<typeof ownFigures>

/** Parses profile_export_genai_perf.json; null if it is not JSON or has no figures. */
export function readOwnFigures(text: string): OwnFigures | null {
  try {
    return ownFiguresOf(JSON.parse(text))
  } catch {
    return null
  }
}

/** The same from parsed JSON; null if it has no figures. */
export function ownFiguresOf(value: unknown): OwnFigures | null {
  const { data } = ownFigures.safeParse(value)
  return data?.request_latency === undefined ? null : data
}
