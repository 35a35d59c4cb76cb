import type { TestedVersion } from '../programs/tested-version.ts'

/** How to install GuideLLM. */
export const installGuideLlm =
  'In a venv of its own: pip install guidellm==0.8.1 (PyTorch comes with it, several GB). Or give its path as generator.command.'

/** Versions whose options and records were tested. */
export const testedGuideLlm: TestedVersion = { program: 'GuideLLM', version: '0.8', pattern: /^0\.8\./ }
