import type { GeneratorName } from '../../point/index.ts'
import { findProgram } from '../programs.ts'
import { type Check, missed, passed } from './check.ts'
import { runShort } from './machine.ts'

/** How each is installed so that it runs on a machine like the one it was tried on (glibc 2.36, Python 3.11). */
const installs: { readonly [generator in GeneratorName]?: string } = {
  'genai-perf':
    "In a venv of its own: pip install genai-perf==0.0.16; then tritonclient==2.50.0 nvidia-cuda-runtime-cu12 (perf_analyzer is in it); last 'numpy>=2.0.2'. In a checkout: npm run systems -- genai-perf. Or give its path as generator.command.",
  aiperf:
    'In a venv of its own: pip install aiperf==0.13.0. In a checkout: npm run systems -- aiperf. Or give its path as generator.command.',
}

/** Whether the program that loads the points is there; the built-in one always is. */
export async function checkGenerator(generator: GeneratorName, command: string | undefined): Promise<readonly Check[]> {
  if (generator === 'built-in') return []
  const program = command ?? (await findProgram(generator))
  const remedy = installs[generator] ?? `pip install ${generator}`
  if (program === null) return [missed(generator, `there is no ${generator} on PATH`, remedy)]
  const said = await runShort(program, ['--version'])
  if (said.ok) return [passed(generator, `${said.out.split('\n').at(-1)} (${program})`)]
  return [missed(generator, `${program}: ${said.complaint}`, remedy)]
}
