import type { Finding, Measurement } from '../measurement.ts'

/** Chunks may differ from the workers' steps by this share, because the last step of an answer is cut to its length. */
const mostDifference = 0.15

/**
 * Checks the workers' reports about speculative decoding for consistency, and compares them with the client's
 * observations.
 */
export function judgeSpeculation({ speculation, tokensPerChunk, tokenSource }: Measurement): readonly Finding[] {
  if (speculation === undefined) return []
  const { by, length } = speculation
  if (speculation.isImpossible === true) {
    const message =
      by === 'answers'
        ? 'The answers claim more accepted than drafted tokens, so the acceptance rate and the accepted length are left empty'
        : 'The metrics of workers claim more accepted than drafted tokens, so the acceptance rate and the accepted length are left empty. Check the metrics pages of the workers'
    return [{ severity: 'warning', code: 'impossible-acceptance', message }]
  }
  if (length === null || tokensPerChunk === undefined || tokenSource === 'chunks') return []
  if (Math.abs(tokensPerChunk / length - 1) <= mostDifference) return []
  const [steps, chunks] = [length.toFixed(2), tokensPerChunk.toFixed(2)]
  const why =
    tokensPerChunk > length
      ? 'Something joins chunks (stream_interval, a proxy), so the gaps between chunks are not the steps of the workers'
      : 'Chunks are split on the way, or the workers served other requests too'
  const message = `${by === 'answers' ? 'Answers' : 'Workers'} say ${steps} tokens a step, but chunks have ${chunks}. ${why}; ITL counts tokens and stays right`
  return [{ severity: 'note', code: 'chunks-differ', message }]
}
