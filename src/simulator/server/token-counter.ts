import { access, constants } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { builtinTokenizer, builtinTokenizerFolder } from '../../model/builtin-tokenizer.ts'
import { FulcrumError } from '../../model/index.ts'
import type { TokenThreadData } from './token-thread.ts'

/** Counts tokens in a thread separate from the event loop that runs the engine's clock. */
export interface TokenCounter {
  count(text: string): Promise<number>
  close(): Promise<void>
}

/** Folder of `tokenizer.json` and `tokenizer_config.json`; `builtin:deepseek-v3` is the one shipped with Fulcrum. */
export function tokenizerFolder(tokenizer: string): string {
  return tokenizer === builtinTokenizer ? fileURLToPath(builtinTokenizerFolder()) : tokenizer
}

/**
 * Resolves once the thread can count. Building a tokenizer takes most of a second of CPU, so it happens now instead of
 * during the first request.
 * @param wordFolder where to keep the words of one token between runs, for prompts that consist of such words. The
 *   tokenizer is then only built for texts with other words
 * @throws FulcrumError bad-input `tokenizer-not-found`; the thread's error if the files are not a tokenizer
 */
export async function createTokenCounter(tokenizer: string, wordFolder: string | null = null): Promise<TokenCounter> {
  const folder = tokenizerFolder(tokenizer)
  try {
    await access(join(folder, 'tokenizer.json'), constants.R_OK)
  } catch (cause) {
    throw new FulcrumError('bad-input', 'tokenizer-not-found', 'The tokenizer could not be read', {
      where: join(folder, 'tokenizer.json'),
      remedy: 'give a folder with tokenizer.json and tokenizer_config.json, or builtin:deepseek-v3',
      cause,
    })
  }
  const file = new URL(`./token-thread${extname(new URL(import.meta.url).pathname)}`, import.meta.url)
  const thread = new Worker(file, { workerData: { folder, wordFolder } satisfies TokenThreadData })
  const waiting = new Map<number, PromiseWithResolvers<number>>()
  let next = 0
  thread.on('message', ({ id, tokens }: { id: number; tokens: number }) => {
    waiting.get(id)?.resolve(tokens)
    waiting.delete(id)
  })
  let failure: unknown = null
  thread.on('error', error => {
    failure = error
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  })
  function count(text: string): Promise<number> {
    if (failure !== null) return Promise.reject(failure)
    const id = next++
    const answer = Promise.withResolvers<number>()
    waiting.set(id, answer)
    thread.postMessage({ id, text })
    return answer.promise
  }

  await count('')
  thread.unref()
  return {
    count,
    async close() {
      await thread.terminate()
    },
  }
}
