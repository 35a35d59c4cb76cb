import { defineGenerator } from '../define-generator.ts'
import { programKeys } from '../programs/keys.ts'
import { guideLlmCapabilities, guideLlmShortfalls } from './capabilities.ts'

/** GuideLLM 0.8, an external program. */
export const guideLlmGenerator = defineGenerator({
  name: 'guidellm',
  about: 'GuideLLM 0.8',
  keys: programKeys,
  capabilities: guideLlmCapabilities,
  shortfalls: guideLlmShortfalls,
  doctor: async ({ command }) => {
    const [{ examineProgram }, { installGuideLlm, testedGuideLlm }] = await Promise.all([
      import('../programs/doctor.ts'),
      import('./version.ts'),
    ])
    return [(await examineProgram('guidellm', command, installGuideLlm, testedGuideLlm)).check]
  },
  example: async (_, __, { command = 'guidellm', args }) => {
    const { guideLlmArguments } = await import('./guidellm.ts')
    return { kind: 'command', argv: [command, ...guideLlmArguments('SCENARIO', args)] }
  },
  create: async (config, { runFolder, ledger }) => {
    const { guideLlm } = await import('./guidellm.ts')
    return guideLlm({ ...config, runFolder, ledger })
  },
})
