import type { Command } from 'commander'

/** Adds `--download-tokenizer`. */
export const addDownload = (command: Command): Command =>
  command.option(
    '--download-tokenizer',
    'Download the tokenizer of a model on Hugging Face if it is not in the local cache',
  )

/** Downloads the tokenizers that a sweep file needs, if the user agrees. */
export async function downloadIfAsked(isAsked: boolean | undefined, file: string): Promise<void> {
  if (!isAsked) return
  const { downloadTokenizers } = await import('../commands/download-tokenizers.ts')
  const { interruption } = await import('./interruption.ts')
  const { progressLine } = await import('./repainter.ts')
  using interrupted = interruption({ quiet: true })
  const line = progressLine(process.stderr)
  const mib = (bytes: number) => (bytes / 1024 ** 2).toFixed(1)
  const names = await downloadTokenizers(file, {
    signal: interrupted.signal,
    onProgress: (name, { file: part, bytes, of }) =>
      line.paint(`Downloading ${part} of ${name}: ${mib(bytes)}${of === null ? '' : ` of ${mib(of)}`} MiB`),
  }).finally(() => line[Symbol.dispose]())
  for (const name of names) process.stderr.write(`Downloaded the tokenizer of ${name}\n`)
}
