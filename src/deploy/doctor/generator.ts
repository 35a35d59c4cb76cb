import type { GeneratorName } from '../../point/index.ts'
import { findProgram } from '../programs.ts'
import { type Check, missed, passed } from './check.ts'
import { runShort } from './machine.ts'

/** Whether the program that loads the points is there; the built-in one always is. */
export async function checkGenerator(generator: GeneratorName, command: string | undefined): Promise<readonly Check[]> {
  if (generator === 'built-in') return []
  const program = command ?? (await findProgram(generator))
  const remedy = `pip install ${generator}, or give its path as load.command`
  if (program === null) return [missed(generator, `there is no ${generator} on PATH`, remedy)]
  const said = await runShort(program, ['--version'])
  if (said.ok) return [passed(generator, `${said.out.split('\n').at(-1)} (${program})`)]
  return [missed(generator, `${program}: ${said.complaint}`, remedy)]
}
