import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Template } from '@huggingface/jinja'
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers'
import { builtinTokenizer, builtinTokenizerFolder } from '../model/builtin-tokenizer.ts'
import { FulcrumError } from '../model/index.ts'

/** One message of a chat. */
export interface ChatMessage {
  readonly role: string
  readonly content: string
}

/** Tokenizes text as the served model does. */
export interface Tokenizer {
  /** Token ids of the text alone. */
  encode(text: string): readonly number[]
  /** Token ids of a plain prompt, with the special tokens that the tokenizer adds. */
  encodePrompt(text: string): readonly number[]
  /** Token ids of a chat: the messages in the model's chat template, and the start of the answer. */
  encodeChat(messages: readonly ChatMessage[]): readonly number[]
  /** Tokens by their spelling in the vocabulary (`Ġthe`, `▁the`). */
  vocabulary(): ReadonlyMap<string, number>
}

/** A tokenizer's files and a hash of their content. */
export interface TokenizerSource {
  readonly name: string
  readonly fingerprint: string
  /** UTF-8 bytes as read, because computing a fingerprint does not need an 8 MB string. */
  readonly tokenizerJson: Uint8Array
  readonly configJson: Uint8Array
  /** Content of `chat_template.jinja`, where newer models keep their template. */
  readonly templateFile: Uint8Array | null
}

/**
 * Reads a tokenizer's files. Fast, because nothing is built yet.
 *
 * @param name a folder with `tokenizer.json` and `tokenizer_config.json`, or `builtin:deepseek-v3`
 * @throws FulcrumError bad-input `tokenizer-missing` if a file cannot be read
 */
export async function readTokenizer(name: string): Promise<TokenizerSource> {
  const isBuiltin = name === builtinTokenizer
  const folder = isBuiltin ? fileURLToPath(builtinTokenizerFolder()) : name
  const fileOf = (file: string) => join(folder, file)
  const read = async (file: string) => {
    try {
      return await readFile(fileOf(file))
    } catch (cause) {
      throw new FulcrumError('bad-input', 'tokenizer-missing', `the tokenizer ${name} has no readable ${file}`, {
        where: name,
        remedy: `name a folder with tokenizer.json and tokenizer_config.json, or ${builtinTokenizer}`,
        cause,
      })
    }
  }
  const [tokenizerJson, configJson] = await Promise.all([read('tokenizer.json'), read('tokenizer_config.json')])
  const templateFile = isBuiltin ? null : await readFile(fileOf('chat_template.jinja')).catch(() => null)
  const hash = createHash('sha256')
  for (const bytes of [tokenizerJson, configJson, templateFile ?? '']) hash.update(bytes).update('\0')
  return { name, fingerprint: hash.digest('hex').slice(0, 16), tokenizerJson, configJson, templateFile }
}

/**
 * Builds a tokenizer. Takes about 0.3 s and 190 MB for a vocabulary of 128,000.
 *
 * @throws FulcrumError bad-input `tokenizer-invalid` if the files are not a valid tokenizer
 */
export function buildTokenizer(source: TokenizerSource): Tokenizer {
  try {
    const config = JSON.parse(textOf(source.configJson)) as TokenizerConfig
    const tokenizer = new HuggingFaceTokenizer(JSON.parse(textOf(source.tokenizerJson)) as object, config)
    const render = templateRenderer(source, config)
    const encode = (text: string, special: boolean) => tokenizer.encode(text, { add_special_tokens: special }).ids
    return {
      encode: text => encode(text, false),
      encodePrompt: text => encode(text, true),
      // The template adds special tokens itself.
      encodeChat: messages => encode(render(messages), false),
      vocabulary: () => tokenizer.get_vocab(),
    }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new FulcrumError('bad-input', 'tokenizer-invalid', `the tokenizer ${source.name} can't be used: ${message}`, {
      where: source.name,
      cause,
    })
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

interface TokenizerConfig {
  readonly chat_template?: string | readonly { readonly name: string; readonly template: string }[]
  readonly [setting: string]: unknown
}

function templateRenderer(source: TokenizerSource, config: TokenizerConfig): (chat: readonly ChatMessage[]) => string {
  const text = source.templateFile === null ? templateOf(config) : textOf(source.templateFile)
  if (text === null) {
    return () => {
      throw new Error('tokenizer_config.json has no chat_template; use the completions API')
    }
  }
  const template = new Template(text)
  const tokens: Record<string, string> = {}
  for (const key of ['bos_token', 'eos_token', 'pad_token', 'unk_token']) {
    const value = config[key]
    if (typeof value === 'string') tokens[key] = value
    else if (isContent(value)) tokens[key] = value.content
  }
  return messages => template.render({ ...tokens, messages, add_generation_prompt: true })
}

function templateOf(config: TokenizerConfig): string | null {
  const template = config.chat_template
  if (template === undefined || typeof template === 'string') return template ?? null
  return (template.find(one => one.name === 'default') ?? template[0])?.template ?? null
}

function isContent(value: unknown): value is { content: string } {
  return typeof value === 'object' && value !== null && 'content' in value && typeof value.content === 'string'
}
