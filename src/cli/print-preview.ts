import type { DeploymentPreview } from '../commands/plan.ts'
import { previewText } from '../render/terminal/preview.ts'
import { jsonText } from './json-text.ts'

/** Prints a preview of what would start, for a person or as JSON. */
export function printPreview(previews: readonly DeploymentPreview[], json: boolean): void {
  if (json) console.log(jsonText(previews, 2))
  else console.log(previews.length === 0 ? 'Nothing to measure, so nothing would be started.' : previewText(previews))
}
