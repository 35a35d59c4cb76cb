import { access } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { librariesOf } from '../../generators/programs/find-program.ts'
import type { GeneratorName } from '../../model/index.ts'
import { findProgram } from '../programs.ts'
import { type Check, missed, passed } from './check.ts'
import { runShort } from './machine.ts'

/** How each is installed so that it runs on a machine like the one it was tried on (glibc 2.36, Python 3.11). */
const installs: { readonly [generator in GeneratorName]?: string } = {
  'genai-perf':
    "In a venv of its own: pip install genai-perf==0.0.16; then tritonclient==2.50.0 nvidia-cuda-runtime-cu12 (perf_analyzer is in it); last 'numpy>=2.0.2'. In a checkout: npm run systems. Or give its path as generator.command.",
  aiperf:
    'In a venv of its own: pip install aiperf==0.13.0. In a checkout: npm run systems. Or give its path as generator.command.',
}

/** Whether the program that loads the points is there; the built-in one always is. */
export async function checkGenerator(generator: GeneratorName, command: string | undefined): Promise<readonly Check[]> {
  if (generator === 'built-in') return []
  const program = command ?? (await findProgram(generator))
  const remedy = installs[generator] ?? `pip install ${generator}`
  if (program === null) return [missed(generator, `there is no ${generator} on PATH`, remedy)]
  const said = await runShort(program, ['--version'])
  if (!said.ok) return [missed(generator, `${program}: ${said.complaint}`, remedy)]
  const found = passed(generator, `${said.out.split('\n').at(-1)} (${program})`)
  return generator === 'genai-perf' ? [found, await perfAnalyzer(dirname(program), remedy)] : [found]
}

/** genai-perf's own load generator: it is found and fails only when the first point is measured. */
async function perfAnalyzer(folder: string, remedy: string): Promise<Check> {
  const libraries = await librariesOf({ path: folder, binFolder: folder }, 'nvidia/cuda_runtime/lib')
  const searched = [...libraries, ...(process.env.LD_LIBRARY_PATH ? [process.env.LD_LIBRARY_PATH] : [])].join(delimiter)
  const beside = join(folder, 'perf_analyzer')
  const program = (await isThere(beside)) ? beside : 'perf_analyzer'
  const said = await runShort(program, ['--version'], searched === '' ? {} : { LD_LIBRARY_PATH: searched })
  if (said.ok) return passed('perf_analyzer', said.out.split('\n')[0] ?? program)
  return missed('perf_analyzer', said.absent ? 'there is none beside genai-perf or on PATH' : said.complaint, remedy)
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
