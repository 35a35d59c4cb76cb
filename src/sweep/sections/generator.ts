import type { GeneratorName } from '../../point/index.ts'
import type { RawSweep } from '../schema/sweep.ts'
import type { Sweep } from '../sweep.ts'
import { existing, type SectionContext } from './context.ts'

/** The generator and its program. A command with a slash is a path relative to the sweep file, one without is looked up on PATH when it runs. */
export function readGenerator(
  raw: RawSweep['generator'],
  context: SectionContext,
): { name: GeneratorName; settings: Sweep['generatorSettings'] } {
  if (typeof raw === 'string') return { name: raw, settings: { args: [] } }
  const { name, command, args } = raw
  if (name === 'built-in' && (command !== undefined || args.length > 0)) {
    context.report(['generator'], 'the built-in generator takes neither command nor args', 'write generator: built-in')
  }
  if (command === undefined) return { name, settings: { args } }
  const program = command.includes('/') ? existing(context, ['generator', 'command'], command, 'file') : command
  return { name, settings: { command: program, args } }
}
