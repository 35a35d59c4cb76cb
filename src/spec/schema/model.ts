import { z } from 'zod'
import { field } from '../../yaml/field.ts'

const name = field(
  z.string().regex(/^\S(.*\S)?$/),
  'The name that requests carry and `/v1/models` lists.',
  'write the name that the server knows, without spaces around it, such as nvidia/DeepSeek-R1-FP4',
)

const tokenizer = field(
  z.string().min(1),
  'A folder with `tokenizer.json` and `tokenizer_config.json` (relative to this file), or `builtin:deepseek-v3`. Default: `builtin:deepseek-v3` for DeepSeek V3 and R1 models; others have to say.',
  'write a folder with tokenizer.json and tokenizer_config.json, or builtin:deepseek-v3',
)

export const modelSchema = field(
  z.union([name, z.strictObject({ name, tokenizer: tokenizer.optional() })]),
  'The served model and the tokenizer that counts its tokens. A bare name is short for `{ name: … }`.',
  'write a model name, or { name: …, tokenizer: … }',
)
