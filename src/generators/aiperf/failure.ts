import { FulcrumError } from '../../model/index.ts'
import type { ProgramEnd } from '../programs/run-program.ts'

/** One sentence for a run of AIPerf without measured requests. */
export function aiperfFailure(end: ProgramEnd, logFile: string): FulcrumError {
  if (end.gaveUp !== null) {
    return new FulcrumError('failed', 'aiperf-hung', `AIPerf was stopped before it measured anything: ${end.gaveUp}`, {
      where: logFile,
    })
  }
  const output = end.lines.join(' ').replace(/[│╭╮╰╯─\s]+/g, ' ')
  const tokenizer = /Failed to load tokenizer (.{0,300}?)(?= • |$)/.exec(output)
  if (tokenizer !== null) {
    return new FulcrumError(
      'environment',
      'aiperf-tokenizer',
      `AIPerf could not load the tokenizer ${tokenizer[1]?.trim()}`,
      {
        where: logFile,
        remedy:
          'Set model.tokenizer to a folder that transformers can load, with tokenizer.json and tokenizer_config.json.',
      },
    )
  }
  const exit = end.exit?.signal ?? `code ${end.exit?.code ?? 'unknown'}`
  return new FulcrumError('failed', 'aiperf-failed', `AIPerf ended with ${exit}: ${reasonIn(end.lines)}`, {
    where: logFile,
  })
}

/** AIPerf prints its reason in a frame (`Reason: …`), logs it (`ERROR …`), or ends with an exception. */
function reasonIn(lines: readonly string[]): string {
  const found =
    lines.find(line => /\bReason: /.test(line)) ??
    lines.find(line => /\b(ERROR|CRITICAL)\b/.test(line)) ??
    lines.findLast(line => /^[\w.]+(Error|Exception)\b/.test(line)) ??
    lines.findLast(line => line.trim() !== '') ??
    'it said nothing'
  const cleaned = found.replace(/[│╭╮╰╯─]+/g, ' ').replace(/^.*?(Reason:|ERROR|CRITICAL)\s*/, '')
  return cleaned.replace(/\s+/g, ' ').trim().slice(0, 300)
}
