import type { Endpoint, Point } from '../model/index.ts'
import { FulcrumError } from '../model/index.ts'
import { aiperfArguments } from './aiperf/command.ts'
import { builtInRefusal } from './built-in/schedule.ts'
import { genaiPerfArguments } from './genai-perf/command.ts'

/** Stands in for one that is not there yet: what a generator can do does not depend on where. */
const anywhere: Endpoint = { url: 'http://127.0.0.1:1', model: 'm', dialect: 'dynamo-1', metricsUrls: {} }
const places = { tokenizer: 't', artifactFolder: 'a', args: [] }

/** Why a point's generator can't load it, in its own words; null when it can. Starts nothing. */
export function generatorRefusal(point: Point): string | null {
  try {
    if (point.generator === 'built-in') return builtInRefusal(point)
    if (point.generator === 'genai-perf') genaiPerfArguments(point, anywhere, places)
    if (point.generator === 'aiperf') aiperfArguments(point, anywhere, places)
    return null
  } catch (error) {
    if (error instanceof FulcrumError && error.code === 'generator-cannot') return error.message
    throw error
  }
}
