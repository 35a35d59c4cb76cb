import { FulcrumError, type MeasuredRequests } from 'fulcrum'
import { z } from 'zod'

const seconds = z.number().min(0)

/** What is read of `result.json` with `--save-detailed`: one item for each request, in the order of the prompts. */
const resultSchema = z.looseObject({
  duration: seconds,
  start_times: z.array(seconds),
  ttfts: z.array(seconds),
  itls: z.array(z.array(seconds)),
  latencies: z.array(seconds),
  output_lens: z.array(z.int().min(0)),
  errors: z.array(z.string()),
})

export type BenchResult = z.output<typeof resultSchema>

/** @throws FulcrumError failed `vllm-bench-result` when the file is none of vllm-rs 0.33's, or its lists differ in length */
export function readResult(text: string, file: string): BenchResult {
  const unreadable = (why: string) =>
    new FulcrumError('failed', 'vllm-bench-result', `The result of vllm-rs can't be read: ${why}`, {
      where: file,
      remedy: 'Use vllm-rs 0.33.',
    })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : String(error))
  }
  const read = resultSchema.safeParse(json)
  if (!read.success) {
    const [issue] = read.error.issues
    throw unreadable(`${issue?.path.join('.')}: ${issue?.message}`)
  }
  const { start_times, ttfts, itls, latencies, output_lens, errors } = read.data
  const lengths = new Set([start_times, ttfts, itls, latencies, output_lens, errors].map(list => list.length))
  if (lengths.size !== 1) throw unreadable('its lists differ in length')
  return read.data
}

/** The records of its requests, in ms, and the gaps between chunks. */
export function requestsOf(
  result: BenchResult,
  prompts: readonly { readonly inputTokens: number }[],
): { readonly requests: MeasuredRequests['requests']; readonly interChunkMs: readonly number[] } {
  const requests = result.start_times.map((start, index) => {
    const error = result.errors[index] ?? ''
    const sentMs = start * 1000
    const gaps = (result.itls[index] ?? []).map(gap => gap * 1000)
    const answered = error === '' && (result.output_lens[index] ?? 0) > 0
    const firstTokenMs = answered ? sentMs + (result.ttfts[index] ?? Number.NaN) * 1000 : Number.NaN
    return {
      // It does not record when a request was due.
      ...{ scheduledMs: sentMs, sentMs, firstTokenMs },
      secondTokenMs: firstTokenMs + (gaps[0] ?? Number.NaN),
      lastTokenMs: gaps.reduce((at, gap) => at + gap, firstTokenMs),
      doneMs: answered ? sentMs + (result.latencies[index] ?? Number.NaN) * 1000 : Number.NaN,
      inputTokens: prompts[index]?.inputTokens ?? Number.NaN,
      outputTokens: answered ? (result.output_lens[index] ?? 0) : 0,
      chunks: answered ? gaps.length + 1 : 0,
      firstChunkTokens: answered ? 1 : 0,
      failure: answered ? null : failureOf(error),
    }
  })
  const interChunkMs = result.itls.flatMap((gaps, index) =>
    result.errors[index] === '' ? gaps.map(gap => gap * 1000) : [],
  )
  return { requests, interChunkMs }
}

function failureOf(message: string): NonNullable<MeasuredRequests['requests'][number]['failure']> {
  if (/^HTTP \d/.test(message)) return { kind: 'http-status', message }
  if (/error sending request/.test(message)) return { kind: 'connect', message }
  if (message === '') return { kind: 'bad-response', message: 'the answer holds no token' }
  return { kind: 'broken-stream', message }
}
