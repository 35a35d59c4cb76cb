import type { DeploymentPreview } from '../commands/plan.ts'
import { previewText } from '../render/terminal/preview.ts'

/** Prints what would be started, for a person or as JSON. */
export function printPreview(previews: readonly DeploymentPreview[], json: boolean): void {
  console.log(json ? JSON.stringify(previews, null, 2) : previewText(previews))
}
