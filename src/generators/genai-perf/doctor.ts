import { access } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { type Check, missed, passed } from '../../model/doctor-check.ts'
import { runShort } from '../../process/short-program.ts'
import { examineProgram } from '../programs/doctor.ts'
import { librariesOf } from '../programs/find-program.ts'
import type { ProgramConfig } from '../programs/keys.ts'
import { testedGenaiPerf } from './version.ts'

/** How to install it so that it runs on a machine like the tested one (glibc 2.36, Python 3.11). */
const remedy =
  "In a venv of its own: pip install genai-perf==0.0.16; then tritonclient==2.50.0 nvidia-cuda-runtime-cu12 (perf_analyzer is in it); last 'numpy>=2.0.2'. In a checkout: npm run systems. Or give its path as generator.command."

/** Checks that genai-perf and perf_analyzer are installed and run. */
export async function examineGenaiPerf({ command }: ProgramConfig): Promise<readonly Check[]> {
  const { path, check } = await examineProgram('genai-perf', command, remedy, testedGenaiPerf)
  return path === null ? [check] : [check, await perfAnalyzer(dirname(path))]
}

/**
 * Checks perf_analyzer, genai-perf's own load generator. Without this check, genai-perf would only fail at the first
 * point.
 */
async function perfAnalyzer(folder: string): Promise<Check> {
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
