import { FulcrumError } from '../../model/index.ts'
import { runShort } from '../../process/short-program.ts'
import { findOnPath, whyNotFound } from '../programs/find-program.ts'
import type { TestedVersion } from '../programs/tested-version.ts'

/** How vllm-rs is installed. */
export const installVllmRs =
  'Take vllm-rs out of vLLM’s wheel: pip download --no-deps vllm==0.33.0; unzip -j vllm-*.whl vllm/vllm-rs; chmod +x vllm-rs. In a checkout: npm run systems. Or give its path as generator.command.'

/** Versions whose options and results were tested. */
export const testedVllmRs: TestedVersion = { program: 'vllm-rs', version: '0.33', pattern: /^0\.33(\.|$)/ }

/** The installed program and its version. */
export interface VllmRs {
  readonly path: string
  readonly version: string
}

/**
 * Finds vllm-rs and its version.
 * @throws FulcrumError environment `generator-missing` if it is not installed, does not run, or is another program
 */
export async function findVllmRs(command = 'vllm-rs'): Promise<VllmRs> {
  const missing = (why: string) => new FulcrumError('environment', 'generator-missing', why, { remedy: installVllmRs })
  const path = await findOnPath(command)
  if (path === null) throw missing(await whyNotFound('vllm-rs', command))
  const said = await runShort(path, ['--version'])
  if (!said.ok) throw missing(`${path} does not run: ${said.complaint}`)
  const version = /^vllm-rs (\S+)$/m.exec(said.out)?.[1]
  if (version === undefined) {
    throw missing(`${path} is not vllm-rs: its --version says '${said.out.slice(0, 100).replace(/\s+/g, ' ')}'`)
  }
  return { path, version }
}
