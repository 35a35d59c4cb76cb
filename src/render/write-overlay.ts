import { basename, dirname } from 'node:path'
import type { Overlay } from '../analysis/overlay/overlay.ts'
import { openFileWriter } from './file-writer.ts'
import { loadOverlayAssets, type OverlayFrame, overlayHtml } from './html/overlay-page.ts'

/**
 * Writes the page of an overlay, which needs no other file.
 * @returns its path
 * @throws FulcrumError (environment) when the disk refuses
 */
export async function writeOverlay(overlay: Overlay, file: string, frame: OverlayFrame): Promise<string> {
  const { write, commit } = openFileWriter(dirname(file), 'the overlay')
  write(basename(file), overlayHtml(overlay, await loadOverlayAssets(), frame))
  await commit()
  return file
}
