import type { Run } from './run.ts'

/** A run as one JSON document: its manifest, and every journal line as it stands. Nothing is summarised or left out. */
export function journalJson(run: Run): string {
  const { manifest, lines, torn } = run
  return `${JSON.stringify({ schema: 1, manifest, torn, lines }, null, 2)}\n`
}
