import type { GeneratorName } from '../../model/index.ts'

/** The generators that can be held against each other. */
export const generatorNames: readonly GeneratorName[] = ['built-in', 'genai-perf', 'aiperf']
