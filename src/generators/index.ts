import type { z } from 'zod'
import { aiperfGenerator } from './aiperf/index.ts'
import { builtInGenerator } from './built-in/index.ts'
import type { AnyGenerator } from './define-generator.ts'
import { genaiPerfGenerator } from './genai-perf/index.ts'
import { guideLlmGenerator } from './guidellm/index.ts'
import { inferencePerfGenerator } from './inference-perf/index.ts'
import { vllmBenchGenerator } from './vllm-bench/index.ts'

/** The shipped load generators. The first is the default of sweep files. */
const shipped = [
  builtInGenerator,
  genaiPerfGenerator,
  aiperfGenerator,
  vllmBenchGenerator,
  guideLlmGenerator,
  inferencePerfGenerator,
] as const

/** The shipped generators, in the order of messages and the reference. Excludes plug-ins. */
export const generators: readonly [AnyGenerator, ...AnyGenerator[]] = shipped

type Written<G extends AnyGenerator> = G extends AnyGenerator
  ? G['name'] | ({ readonly name: G['name'] } & z.input<G['schema']>)
  : never

/** The `generator` sections of shipped generators as written in sweep files. */
export type ShippedGenerator = Written<(typeof shipped)[number]>

/** The default generator of sweep files. */
export const [defaultGenerator] = generators

/** Values of `generator` that name a shipped one. */
export const generatorNames: readonly string[] = generators.map(({ name }) => name)

/** The shipped generator with this name; undefined if there is none. */
export const generatorOf = (name: string): AnyGenerator | undefined => generators.find(one => one.name === name)
