import type { JournalLine } from '../../journal/event.ts'
import type { Run } from '../../journal/run.ts'
import { observed } from '../../metrics/observed.ts'
import { fileFormat } from './format.ts'

/**
 * A run as one JSON document: its manifest and every journal line, complete. Unobserved values are null, even where the
 * journal of an older run has 0.
 */
export function runJson(run: Run): string {
  const { manifest, lines, torn } = run
  return `${JSON.stringify({ schema: 1, manifest, torn, lines: lines.map(lineAsObserved) }, null, 2)}\n`
}

function lineAsObserved(line: JournalLine): object {
  const { event } = line
  if (event.type !== 'point' || event.result.measurement === null) return line
  const result = { ...event.result, measurement: observed(event.result.measurement) }
  return { ...line, event: { ...event, result } }
}

/** Export format `json`: everything that a run recorded, unaggregated. */
export const jsonFormat = fileFormat(
  { name: 'json', about: 'the manifest and every line of the journal', file: 'run.json' },
  runJson,
)
