import type { LoadProgress } from '../generator.ts'

/** genai-perf reports each new step, but not the number of finished requests. */
const steps: readonly { readonly says: string; readonly phase: LoadProgress['phase'] }[] = [
  { says: 'Loading response data', phase: 'summarising' },
  { says: 'Running Perf Analyzer', phase: 'measuring' },
]

/** Current step according to genai-perf's last lines. */
export function genaiPerfPhase(lines: readonly string[]): LoadProgress['phase'] {
  return steps.find(({ says }) => lines.some(line => line.includes(says)))?.phase ?? 'preparing'
}
