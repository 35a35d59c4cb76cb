import { stripVTControlCharacters } from 'node:util'
import { defined, FulcrumError } from '../../model/index.ts'
import type { ProgramEnd } from '../programs/run-program.ts'

/** One sentence for a run of vllm-rs without a result. */
export function vllmBenchFailure(end: ProgramEnd, logFile: string, version: string): FulcrumError {
  const fail = (code: string, message: string, remedy?: string) =>
    new FulcrumError('failed', code, message, { where: logFile, ...defined({ remedy }) })
  if (end.gaveUp !== null) return fail('vllm-bench-hung', `vllm-rs was ended without a result: ${end.gaveUp}`)
  const lines = end.lines.map(line => stripVTControlCharacters(line))
  const usage = lines.find(line => /^error: /.test(line))
  if (usage !== undefined) {
    return fail(
      'vllm-bench-refused',
      `vllm-rs ${version} refuses its arguments: ${usage.replace(/^error: /, '')}`,
      'Use vllm-rs 0.33, or correct generator.args.',
    )
  }
  const exit = end.exit?.signal ?? `code ${end.exit?.code ?? 'unknown'}`
  return fail('vllm-bench-failed', `vllm-rs ended with ${exit}: ${reasonIn(lines)}`)
}

/** vllm-rs prints a Rust error with its causes (`Error: …`, `Caused by:`, `0: …`), or panics. */
function reasonIn(lines: readonly string[]): string {
  const at = lines.findIndex(line => /^(Error:|thread .* panicked)/.test(line.trim()))
  if (at < 0)
    return (
      lines
        .findLast(line => line.trim() !== '')
        ?.trim()
        .slice(0, 300) ?? 'it said nothing'
    )
  return lines
    .slice(at)
    .map(line => line.replace(/^\s*(Error:|Caused by:|\d+:)\s*/, '').trim())
    .filter(line => line !== '' && !/^(Location|note:|stack backtrace)/.test(line))
    .join(': ')
    .replace(/\s+/g, ' ')
    .slice(0, 300)
}
