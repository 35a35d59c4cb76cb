import { defineGenerator } from '../define-generator.ts'
import { programKeys } from '../programs/keys.ts'
import { inferencePerfCapabilities, inferencePerfShortfalls } from './capabilities.ts'

/** inference-perf 0.7, an external program. */
export const inferencePerfGenerator = defineGenerator({
  name: 'inference-perf',
  about: 'inference-perf 0.7',
  keys: programKeys,
  capabilities: inferencePerfCapabilities,
  shortfalls: inferencePerfShortfalls,
  doctor: async ({ command }) => {
    const { examineInferencePerf } = await import('./version.ts')
    return [await examineInferencePerf(command)]
  },
  example: async (_, __, { command = 'inference-perf', args }) => {
    const { inferencePerfArguments } = await import('./config.ts')
    return { kind: 'command', argv: [command, ...inferencePerfArguments('CONFIG', args)] }
  },
  create: async (config, { runFolder, ledger }) => {
    const { inferencePerf } = await import('./inference-perf.ts')
    return inferencePerf({ ...config, runFolder, ledger })
  },
})
