import type { Manifest } from '../../journal/manifest.ts'
import { shellCommand } from '../../model/index.ts'

/**
 * Command that measures points of this run again, up to the ids that follow each `--only`; null if the run was not made
 * from a sweep file.
 */
export function repeatCommand({ command }: Pick<Manifest, 'command'>): string | null {
  if (command[1] !== 'run') return null
  const words = command.filter((word, i) => word !== '--new' && word !== '--only' && command[i - 1] !== '--only')
  return shellCommand(words)
}
