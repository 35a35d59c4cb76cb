import { stripVTControlCharacters } from 'node:util'
import { defined, FulcrumError } from '../../model/index.ts'
import type { ProgramEnd } from '../programs/run-program.ts'

/** One sentence for a run of GuideLLM without a report. */
export function guideLlmFailure(end: ProgramEnd, logFile: string): FulcrumError {
  const fail = (kind: 'failed' | 'environment', code: string, message: string, remedy?: string) =>
    new FulcrumError(kind, code, message, { where: logFile, ...defined({ remedy }) })
  if (end.gaveUp !== null) return fail('failed', 'guidellm-hung', `GuideLLM was ended without a report: ${end.gaveUp}`)
  const lines = end.lines.map(line => stripVTControlCharacters(line).trim()).filter(line => line !== '')
  const missing = lines.findLast(line => /^ModuleNotFoundError: /.test(line))
  if (missing !== undefined) {
    const message = `GuideLLM is not whole: ${missing.replace(/^ModuleNotFoundError: /, '')}`
    return fail('environment', 'generator-missing', message, 'Install it again: pip install guidellm==0.8.1')
  }
  const at = lines.findLastIndex(line => /^(Error|Usage): /.test(line))
  if (at >= 0) {
    const said = lines
      .slice(at)
      .join(' ')
      .replace(/^Error: /, '')
      .replace(/\s+/g, ' ')
      .slice(0, 300)
    return fail(
      'failed',
      'guidellm-refused',
      `GuideLLM refuses its scenario: ${said}`,
      'Use GuideLLM 0.8, or correct generator.args.',
    )
  }
  const exit = end.exit?.signal ?? `code ${end.exit?.code ?? 'unknown'}`
  const reason = lines.findLast(line => /^[\w.]+(Error|Exception)\b/.test(line)) ?? lines.at(-1) ?? 'it said nothing'
  return fail('failed', 'guidellm-failed', `GuideLLM ended with ${exit}: ${reason.replace(/\s+/g, ' ').slice(0, 300)}`)
}
