import { type Check, missed, noticed, passed } from '../../model/doctor-check.ts'
import { FulcrumError } from '../../model/index.ts'
import { runShort } from '../../process/short-program.ts'
import { findProgram } from '../programs/find-program.ts'
import { packageVersion } from '../programs/session.ts'
import { type TestedVersion, untestedVersion } from '../programs/tested-version.ts'

/** How to install inference-perf. */
export const installInferencePerf =
  'In a venv of its own, with Python 3.12 or later: pip install inference-perf==0.7.0. In a checkout: npm run systems. Or give its path as generator.command.'

/** Name of its Python package. */
export const inferencePerfPackage = 'inference_perf'

/** Versions whose settings and records were tested. */
export const testedInferencePerf: TestedVersion = { program: 'inference-perf', version: '0.7', pattern: /^0\.7\./ }

/** It loads transformers first, which took 20 s on a busy machine. */
const slowStartMs = 180_000

/** Checks that inference-perf runs. It has no `--version`, so its package says which one it is. */
export async function examineInferencePerf(command: string | undefined): Promise<Check> {
  const name = 'inference-perf'
  try {
    const program = await findProgram(name, command, installInferencePerf)
    const said = await runShort(program.path, ['--help'], {}, slowStartMs)
    if (!said.ok) return missed(name, `${program.path}: ${said.complaint}`, installInferencePerf)
    const version = await packageVersion(program, inferencePerfPackage)
    const found = `${version} (${program.path})`
    const [untested] = untestedVersion(testedInferencePerf, version)
    return untested === undefined ? passed(name, found) : noticed(name, found, untested.message)
  } catch (error) {
    if (!(error instanceof FulcrumError)) throw error
    return missed(name, error.message, installInferencePerf)
  }
}
