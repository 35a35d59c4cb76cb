import type { TestedVersion } from '../programs/tested-version.ts'

/** Versions whose options and records were tested. */
export const testedAiperf: TestedVersion = { program: 'AIPerf', version: '0.13', pattern: /^0\.13\./ }
