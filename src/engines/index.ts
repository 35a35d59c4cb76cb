import { defineEngine, type Engine, type EngineMetrics } from './define-engine.ts'
import { mocker } from './mocker/index.ts'
import type { Meaning, Spellings } from './setting.ts'
import { sglang } from './sglang/index.ts'
import { trtllm } from './trtllm/index.ts'
import { vllm } from './vllm/index.ts'

/** Every engine that Fulcrum knows. To add one, add a folder here and an entry to this list. */
export const engines: readonly Engine[] = [trtllm, vllm, sglang, mocker]

/**
 * Engines that other rooms refer to directly: the workers of Dynamo 0.3, and workers whose settings are in a file, run
 * TensorRT-LLM.
 */
export { sglang, trtllm }

/** Spellings of all engines together, for workers with an unknown engine. */
function allSpellings(): Spellings {
  const meanings = new Set(engines.flatMap(({ spellings }) => Object.keys(spellings) as Meaning[]))
  return Object.fromEntries(
    [...meanings].map(meaning => [meaning, [...new Set(engines.flatMap(({ spellings }) => spellings[meaning] ?? []))]]),
  )
}

/** An unknown engine. It accepts any setting in any spelling, as arguments, and has no rules. */
export const unknownEngine: Engine = defineEngine({
  name: 'unknown',
  title: 'an unknown engine',
  about: 'Workers whose engine Fulcrum does not know.',
  module: 'dynamo.unknown',
  settings: { kind: 'arguments', off: 'absent', known: null },
  spellings: allSpellings(),
  launch: {
    model: 'model-path',
    servedName: 'served-model-name',
    multinode: {
      ranks: () => ({ registers: 1 }),
      // torchrun's names.
      environmentOf: ({ rank, nodes, head }) => ({
        NNODES: String(nodes),
        NODE_RANK: String(rank),
        MASTER_ADDR: head.address,
        MASTER_PORT: String(head.port),
      }),
    },
  },
})

/** The engine with this name, such as `trtllm`; {@link unknownEngine} without a name. */
export function engineNamed(name: string | null): Engine {
  return engines.find(engine => engine.name === name) ?? unknownEngine
}

/**
 * The engine that a Dynamo worker module such as `dynamo.trtllm` runs; {@link unknownEngine} if Fulcrum does not know
 * the module.
 */
export function engineOfModule(module: string): Engine {
  return engines.find(engine => engine.module === module) ?? unknownEngine
}

/**
 * Matches the names of a metric on the metrics page of any engine.
 * @param others further patterns, for servers that are not engines
 */
export function metricNamed(metric: Exclude<keyof EngineMetrics, 'shownBy'>, ...others: readonly string[]): RegExp {
  return new RegExp([...new Set(engines.flatMap(({ metrics }) => metrics[metric] ?? [])), ...others].join('|'))
}

/** Modules of all engines as a list in a sentence: `dynamo.trtllm, … or dynamo.mocker`. */
export function moduleList(quote = '', ...others: readonly string[]): string {
  const modules = [...engines.map(({ module }) => `${quote}${module}${quote}`), ...others]
  return `${modules.slice(0, -1).join(', ')} or ${modules.at(-1)}`
}
