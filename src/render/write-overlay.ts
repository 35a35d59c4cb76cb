import type { Overlay } from '../analysis/overlay/overlay.ts'
import { diskError, writeWithFolders } from '../journal/index.ts'
import { loadOverlayAssets, type OverlayFrame, overlayHtml } from './html/overlay-page.ts'

/**
 * Writes the page of an overlay, which needs no other file.
 * @throws FulcrumError (environment) if writing fails
 */
export async function writeOverlay(overlay: Overlay, file: string, frame: OverlayFrame): Promise<void> {
  const content = overlayHtml(overlay, await loadOverlayAssets(), frame)
  await writeWithFolders([{ path: file, content }]).catch(error =>
    Promise.reject(diskError(error, 'write the overlay', file)),
  )
}
