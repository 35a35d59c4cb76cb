import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readTokenizer } from './tokenizer.ts'

/**
 * Writes a tokenizer's files into a folder in Hugging Face's layout.
 * @param tokenizer see {@link readTokenizer}
 * @throws FulcrumError bad-input `tokenizer-missing` if one of its files cannot be read
 */
export async function writeTokenizer(tokenizer: string, folder: string): Promise<void> {
  const source = await readTokenizer(tokenizer)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'tokenizer.json'), source.tokenizerJson)
  await writeFile(join(folder, 'tokenizer_config.json'), source.configJson)
  if (source.templateFile !== null) await writeFile(join(folder, 'chat_template.jinja'), source.templateFile)
}
