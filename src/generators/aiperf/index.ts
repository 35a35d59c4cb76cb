import { defineGenerator } from '../define-generator.ts'
import { programKeys } from '../programs/keys.ts'
import { aiperfCapabilities, aiperfShortfalls } from './capabilities.ts'

const remedy =
  'In a venv of its own: pip install aiperf==0.13.0. In a checkout: npm run systems. Or give its path as generator.command.'

/** AIPerf 0.13, an external program. */
export const aiperfGenerator = defineGenerator({
  name: 'aiperf',
  about: 'AIPerf 0.13',
  keys: programKeys,
  capabilities: aiperfCapabilities,
  shortfalls: aiperfShortfalls,
  doctor: async ({ command }) => {
    const [{ examineProgram }, { testedAiperf }] = await Promise.all([
      import('../programs/doctor.ts'),
      import('./version.ts'),
    ])
    return [(await examineProgram('aiperf', command, remedy, testedAiperf)).check]
  },
  example: async (point, endpoint, { command = 'aiperf', args }) => {
    const { aiperfArguments } = await import('./command.ts')
    const places = { tokenizer: 'TOKENIZER', artifactFolder: 'ARTIFACTS', traceFile: 'TRACE', args }
    return { kind: 'command', argv: [command, ...aiperfArguments(point, endpoint, places)] }
  },
  create: async (config, { runFolder, ledger }) => {
    const { aiperf } = await import('./aiperf.ts')
    return aiperf({ ...config, runFolder, ledger })
  },
})
