import { join } from 'node:path'
import { isHubName } from '../../generators/hub.ts'
import { serverTokenizer } from '../../model/builtin-tokenizer.ts'
import type { Model } from '../../model/index.ts'
import type { Path } from '../../yaml/problem.ts'
import { existing, fromFile, lookUp, type SectionContext } from '../../yaml/section-context.ts'
import type { RawSweep } from '../schema/sweep.ts'

/** Tokenizer of DeepSeek V3 and R1, which Fulcrum ships. */
export const builtinTokenizer = 'builtin:deepseek-v3'

/** Reads the model, its tokenizer, and the mix of model names in its requests. */
export function readModel(raw: RawSweep['model'], context: SectionContext): Model {
  if (!Array.isArray(raw)) return oneModel(raw, context, ['model'])
  const entries = raw.map(entry => (typeof entry === 'string' ? { name: entry } : entry))
  const [{ weight: _, ...first } = { name: '' }] = entries
  for (const [index, { name, tokenizer }] of entries.entries()) {
    const before = entries.findIndex(other => other.name === name)
    if (before < index)
      context.report(
        ['model', index],
        `model lists ${JSON.stringify(name)} twice`,
        'keep one, with the sum of the weights',
      )
    if (index > 0 && tokenizer !== undefined)
      context.report(
        ['model', index, 'tokenizer'],
        'all models of the list share the tokenizer of the first one',
        'remove it',
        'key',
      )
  }
  if (entries.every(({ weight }) => weight === 0))
    context.report(['model'], 'no model of the list has a weight above 0', 'write weight: 1 for one of them')
  const served = oneModel(first, context, ['model', 0])
  return { ...served, mix: entries.map(({ name, weight = 1 }) => ({ name, weight })) }
}

function oneModel(
  raw: string | { readonly name: string; readonly tokenizer?: string | undefined },
  context: SectionContext,
  path: Path,
): Model {
  const { name, tokenizer } = typeof raw === 'string' ? { name: raw, tokenizer: undefined } : raw
  if (tokenizer === undefined) {
    if (!/deepseek[-_]?(v3|r1)/i.test(name)) {
      const cached = context.files.tokenizer?.(name) ?? null
      if (cached !== null) return { name, tokenizer: cached }
      context.report(
        path,
        `model has no tokenizer, and Fulcrum ships none for ${JSON.stringify(name)}`,
        'write model: { name: …, tokenizer: FOLDER }, where FOLDER contains the model’s tokenizer.json; or the name of a model on Hugging Face, with --download-tokenizer; or tokenizer: server, so that the measured server counts the tokens',
      )
    }
    return { name, tokenizer: builtinTokenizer }
  }
  if (tokenizer === serverTokenizer) return { name, tokenizer }
  if (tokenizer.startsWith('builtin:')) {
    if (tokenizer !== builtinTokenizer) {
      context.report(
        [...path, 'tokenizer'],
        `unknown tokenizer ${JSON.stringify(tokenizer)}`,
        `write ${builtinTokenizer}, or the path of a folder`,
      )
    }
    return { name, tokenizer: builtinTokenizer }
  }
  const isFolder = lookUp(context, fromFile(context, tokenizer)) !== 'nothing'
  if (!isFolder && isHubName(tokenizer)) {
    const cached = context.files.tokenizer?.(tokenizer) ?? null
    if (cached !== null) return { name, tokenizer: cached }
    context.report(
      [...path, 'tokenizer'],
      `${JSON.stringify(tokenizer)} is neither a folder beside this file nor a tokenizer in the Hugging Face cache`,
      'add --download-tokenizer, run `hf download` for it, or write the path of a folder',
    )
    return { name, tokenizer: builtinTokenizer }
  }
  const folder = existing(context, [...path, 'tokenizer'], tokenizer, 'folder')
  if (lookUp(context, folder) === 'folder' && lookUp(context, join(folder, 'tokenizer.json')) !== 'file') {
    context.report(
      [...path, 'tokenizer'],
      `${folder} has no tokenizer.json`,
      'write the path of a folder with tokenizer.json and tokenizer_config.json',
    )
  }
  return { name, tokenizer: folder }
}
