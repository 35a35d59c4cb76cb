import { missed, noticed, passed } from '../../model/doctor-check.ts'
import { FulcrumError } from '../../model/index.ts'
import { defineGenerator } from '../define-generator.ts'
import { programKeys } from '../programs/keys.ts'
import { vllmBenchCapabilities, vllmBenchShortfalls } from './capabilities.ts'

/** vLLM's own load client, an external program. */
export const vllmBenchGenerator = defineGenerator({
  name: 'vllm-bench',
  about: 'vLLM’s own client, vllm-rs bench serve 0.33',
  keys: programKeys,
  capabilities: vllmBenchCapabilities,
  shortfalls: vllmBenchShortfalls,
  doctor: async ({ command }) => {
    const [{ findVllmRs, installVllmRs, testedVllmRs }, { untestedVersion }] = await Promise.all([
      import('./version.ts'),
      import('../programs/tested-version.ts'),
    ])
    try {
      const { path, version } = await findVllmRs(command)
      const found = `${version} (${path})`
      const [untested] = untestedVersion(testedVllmRs, version)
      return [untested === undefined ? passed('vllm-rs', found) : noticed('vllm-rs', found, untested.message)]
    } catch (error) {
      if (!(error instanceof FulcrumError)) throw error
      return [missed('vllm-rs', error.message, installVllmRs)]
    }
  },
  example: async (point, endpoint, { command = 'vllm-rs', args }) => {
    const { vllmBenchArguments } = await import('./command.ts')
    const places = { tokenizer: 'TOKENIZER', prompts: 'PROMPTS', folder: 'ARTIFACTS', resultName: 'result.json', args }
    return { kind: 'command', argv: [command, ...vllmBenchArguments(point, endpoint, places)] }
  },
  create: async (config, { runFolder, ledger }) => {
    const { vllmBench } = await import('./vllm-bench.ts')
    return vllmBench({ ...config, runFolder, ledger })
  },
})
