import type { Finding, Measurement } from '../measurement.ts'
import { amount } from './figures.ts'

/** Reports how tokens were counted if the server did not count every answer. */
export function judgeTokenCounts({ tokenCounts, tokenSource, requests }: Measurement): Finding[] {
  // Older runs record only the main source for the whole point.
  if (tokenCounts === undefined) return tokenSource === 'chunks' ? [fromChunks('')] : []
  const { tokenizer, chunks, early, impossible, missing, noPromptTokens } = tokenCounts
  const of = (count: number) => `${amount(count)} of ${amount(requests.completed)} answers`
  const findings: Finding[] = []
  if (early + impossible > 0) {
    const why = [
      ...(impossible === 0
        ? []
        : [`${of(impossible)} report an impossible usage (0 or less, or far too few tokens for their text)`]),
      ...(early === 0 ? [] : [`${of(early)} have only a usage from before the end of their text`]),
    ].join(', ')
    const instead = chunks === 0 ? "the model's tokenizer" : 'chunks'
    findings.push({
      severity: 'warning',
      code: 'impossible-usage',
      message: `${why}. Their usage is ignored, and ${instead} counted their tokens. Check the server's usage (stream_options.include_usage)`,
    })
  }
  if (noPromptTokens > 0) {
    findings.push({
      severity: 'warning',
      code: 'impossible-prompt-tokens',
      message: `${of(noPromptTokens)} have a usage with prompt_tokens 0, which is ignored: the prompts that were sent count instead. Check the server's usage`,
    })
  }
  if (tokenizer > 0 && missing > 0) {
    findings.push({
      severity: 'note',
      code: 'tokens-from-tokenizer',
      message: `${of(missing)} have no usage: the model's tokenizer counted their text, which misses tokens without text`,
    })
  }
  if (chunks > 0) findings.push(fromChunks(`${of(chunks)}: `))
  return findings
}

function fromChunks(which: string): Finding {
  return {
    severity: 'note',
    code: 'tokens-from-chunks',
    message: `${which}tokens are counted as chunks, because the server reports no usage and there is no tokenizer. If chunks carry several tokens, the reported throughput is too low`,
  }
}
