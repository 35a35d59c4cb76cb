import { aiperfGenerator } from './aiperf/index.ts'
import { builtInGenerator } from './built-in/index.ts'
import type { AnyGenerator } from './define-generator.ts'
import { genaiPerfGenerator } from './genai-perf/index.ts'

/** The load generators that Fulcrum ships; the first is the one that a sweep file need not name. */
export const generators: readonly [AnyGenerator, ...AnyGenerator[]] = [
  builtInGenerator,
  genaiPerfGenerator,
  aiperfGenerator,
]

/** The generator of a sweep file that names none. */
export const [defaultGenerator] = generators

export const generatorNames: readonly string[] = generators.map(({ name }) => name)

/** The shipped generator of a name; undefined when there is none. */
export const generatorOf = (name: string): AnyGenerator | undefined => generators.find(one => one.name === name)
