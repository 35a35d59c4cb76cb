import type { DeploymentPreview } from '../commands/plan.ts'
import { previewText } from '../render/terminal/preview.ts'
import { jsonText } from './json-text.ts'

/** Prints what would be started, for a person or as JSON. */
export function printPreview(previews: readonly DeploymentPreview[], json: boolean): void {
  console.log(json ? jsonText(previews, 2) : previewText(previews))
}
