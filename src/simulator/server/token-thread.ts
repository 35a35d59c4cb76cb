import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { Tokenizer } from '@huggingface/tokenizers'
import { countByPieces, type TokenizerDefinition, wordsOfOneToken } from './piece-counts.ts'

/** Start options of the thread. */
export interface TokenThreadData {
  /** Folder of `tokenizer.json` and `tokenizer_config.json`. */
  readonly folder: string
  /** Where to keep the words of one token between runs; null to build the tokenizer before the thread is ready. */
  readonly wordFolder: string | null
}

/** Thread behind `createTokenCounter`: receives texts and returns numbers of tokens. */
const { folder, wordFolder } = workerData as TokenThreadData
const definitionText = readFileSync(join(folder, 'tokenizer.json'))
const hash = () => createHash('sha256').update(definitionText).digest('hex').slice(0, 16)
/** Increase the version if other words count as one token. */
const wordFile = wordFolder === null ? null : join(wordFolder, `one-token-words-v1-${hash()}.txt`)

interface Built {
  readonly words: ReadonlySet<string> | null
  encode(text: string): number
}

function build(): Built {
  const definition: object & TokenizerDefinition = JSON.parse(definitionText.toString())
  const config: object = JSON.parse(readFileSync(join(folder, 'tokenizer_config.json'), 'utf8'))
  const tokenizer = new Tokenizer(definition, config)
  return {
    words: wordsOfOneToken(definition),
    encode: text => tokenizer.encode(text, { add_special_tokens: false }).ids.length,
  }
}

let built: Built | null = null
function tokenizer(): Built {
  built ??= build()
  return built
}

function keptWords(): ReadonlySet<string> | null {
  if (wordFile === null) return null
  try {
    return new Set(readFileSync(wordFile, 'utf8').split('\n'))
  } catch {
    return null
  }
}

/** Failing to write a cache is not an error. */
function keepWords(words: ReadonlySet<string> | null): void {
  if (wordFile === null || wordFolder === null || words === null) return
  const half = `${wordFile}.${randomUUID()}`
  try {
    mkdirSync(wordFolder, { recursive: true })
    writeFileSync(half, [...words].join('\n'))
    renameSync(half, wordFile)
  } catch {}
}

let words = keptWords()
if (words === null) {
  words = tokenizer().words
  keepWords(words)
}
// As in main.ts: a process ended by a signal does not keep its compiled code.
flushCompileCache()
const count = countByPieces(words, text => tokenizer().encode(text))

parentPort?.on('message', ({ id, text }: { id: number; text: string }) => {
  parentPort?.postMessage({ id, tokens: count(text) })
})
