import { loadProfile } from '../../src/simulator/profile.ts'

/** The shipped profile, parsed once a test file. */
export const profile = await loadProfile('deepseek-r1-fp4-gb200')
