import { type DownloadProgress, downloadTokenizer, isHubName } from '../generators/hub.ts'
import { FulcrumError } from '../model/index.ts'
import { loadSweep } from '../spec/load-sweep.ts'
import { sweepDisk } from '../spec/sweep-files.ts'

/** Deadline of one tokenizer's download. */
const longestMs = 10 * 60_000

/**
 * Downloads the tokenizers that a sweep file names and that the Hugging Face cache lacks. Ignores other problems of the
 * file, which its next reader reports.
 * @returns names of the downloaded tokenizers
 * @throws FulcrumError (environment, `tokenizer-download`)
 */
export async function downloadTokenizers(
  file: string,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (name: string, progress: DownloadProgress) => void },
): Promise<readonly string[]> {
  const missing = new Set<string>()
  const tokenizer = (name: string) => {
    const found = sweepDisk.tokenizer?.(name) ?? null
    if (found === null && isHubName(name)) missing.add(name)
    return found
  }
  await loadSweep(file, { files: { ...sweepDisk, tokenizer } }).catch(error => {
    if (!(error instanceof FulcrumError)) throw error
  })
  for (const name of missing)
    await downloadTokenizer(name, {
      env: process.env,
      signal: AbortSignal.any([signal, AbortSignal.timeout(longestMs)]),
      onProgress: progress => onProgress(name, progress),
    })
  return [...missing]
}
