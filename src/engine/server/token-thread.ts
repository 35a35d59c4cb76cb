import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { Tokenizer } from '@huggingface/tokenizers'

/** The thread behind {@link createTokenCounter}: a text in, its number of tokens out. */
const { folder } = workerData as { folder: string }
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as object
const tokenizer = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'))

parentPort?.on('message', ({ id, text }: { id: number; text: string }) => {
  parentPort?.postMessage({ id, tokens: tokenizer.encode(text, { add_special_tokens: false }).ids.length })
})
