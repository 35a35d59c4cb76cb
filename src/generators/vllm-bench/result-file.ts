import { z } from 'zod'
import { FulcrumError } from '../../model/index.ts'
import { mismatch } from '../import/read.ts'

const seconds = z.number().min(0)

/** The used parts of a result with `--save-detailed`: one item per request, in the order of the prompts. */
const resultSchema = z.looseObject({
  duration: seconds,
  completed: z.int().min(0),
  failed: z.int().min(0),
  output_lens: z.array(z.int().min(0)),
  ttfts: z.array(seconds),
  itls: z.array(z.array(seconds)),
  errors: z.array(z.string()),
  latencies: z.array(seconds),
  start_times: z.array(seconds),
  mean_ttft_ms: z.number().nullish(),
  mean_e2el_ms: z.number().nullish(),
  /** For a closed loop: the time in which its concurrency was held. */
  steady_state: z
    .looseObject({
      window: z.looseObject({
        start_s: seconds,
        end_s: seconds,
        warning: z.string().nullish(),
      }),
    })
    .nullish(),
})

/** A result of `vllm-rs bench serve` with its records of requests. */
export type BenchResult = z.output<typeof resultSchema>

/**
 * Reads a result with its records of requests.
 * @param version of the program that wrote it, for the message
 * @throws FulcrumError failed `vllm-bench-output-unreadable` for another layout, and lists of different lengths
 */
export function readBenchResult(text: string, file: string, version: string): BenchResult {
  const unreadable = (why: string) =>
    new FulcrumError(
      'failed',
      'vllm-bench-output-unreadable',
      `The result of vllm-rs ${version} is not readable: ${why}`,
      {
        where: file,
        remedy: 'Use vllm-rs 0.33.',
      },
    )
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw unreadable('it is cut short, or not JSON')
  }
  const read = resultSchema.safeParse(json)
  if (!read.success) throw unreadable(mismatch(read.error))
  const { start_times, ttfts, itls, latencies, output_lens, errors } = read.data
  const lengths = new Set([start_times, ttfts, itls, latencies, output_lens, errors].map(l => l.length))
  if (lengths.size !== 1) throw unreadable('its lists differ in length')
  return read.data
}
