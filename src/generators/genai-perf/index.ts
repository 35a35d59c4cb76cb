import { defineGenerator } from '../define-generator.ts'
import { programKeys } from '../programs/keys.ts'
import { genaiPerfCapabilities } from './capabilities.ts'

/** genai-perf 0.0.16, an external program. */
export const genaiPerfGenerator = defineGenerator({
  name: 'genai-perf',
  about: 'genai-perf 0.0.16, driven with the command of Dynamo’s guide',
  keys: programKeys,
  capabilities: genaiPerfCapabilities,
  doctor: async config => (await import('./doctor.ts')).examineGenaiPerf(config),
  example: async (point, endpoint, { command = 'genai-perf', args }) => {
    const { genaiPerfArguments } = await import('./command.ts')
    const places = { tokenizer: 'TOKENIZER', artifactFolder: 'ARTIFACTS', args }
    return { kind: 'command', argv: [command, ...genaiPerfArguments(point, endpoint, places)] }
  },
  create: async (config, { runFolder, ledger }) => {
    const { genaiPerf } = await import('./genai-perf.ts')
    return genaiPerf({ ...config, runFolder, ledger })
  },
})
