import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { Tokenizer } from '@huggingface/tokenizers'
import { countByPieces, type TokenizerDefinition } from './piece-counts.ts'

/** The thread behind `createTokenCounter`: a text in, its number of tokens out. */
const { folder } = workerData as { folder: string }
const read = (name: string): object & TokenizerDefinition => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const [definition, config] = [read('tokenizer.json'), read('tokenizer_config.json')]
const tokenizer = new Tokenizer(definition, config)
const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids.length
const count = countByPieces(definition, encode)

parentPort?.on('message', ({ id, text }: { id: number; text: string }) => {
  parentPort?.postMessage({ id, tokens: count(text) })
})
