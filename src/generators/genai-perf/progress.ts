import type { LoadProgress } from '../generator.ts'

/** genai-perf says when it goes on to the next step, never how many requests are done. */
const steps: readonly { readonly says: string; readonly phase: LoadProgress['phase'] }[] = [
  { says: 'Loading response data', phase: 'summarising' },
  { says: 'Running Perf Analyzer', phase: 'measuring' },
]

/** The step that genai-perf's last lines show it in. */
export function genaiPerfPhase(lines: readonly string[]): LoadProgress['phase'] {
  return steps.find(({ says }) => lines.some(line => line.includes(says)))?.phase ?? 'preparing'
}
