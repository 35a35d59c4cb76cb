import type { TestedVersion } from '../programs/tested-version.ts'

/** Versions whose options and records were tested. */
export const testedGenaiPerf: TestedVersion = { program: 'genai-perf', version: '0.0.16', pattern: /^0\.0\.16(\.|$)/ }
