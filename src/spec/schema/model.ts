import { z } from 'zod'
import { field } from '../../yaml/field.ts'

const name = field(
  z.string().regex(/^\S(.*\S)?$/),
  'Model name in requests, as `/v1/models` lists it.',
  'write the name under which the server serves the model, without surrounding spaces, such as nvidia/DeepSeek-R1-FP4',
)

const tokenizer = field(
  z.string().min(1),
  'Folder with `tokenizer.json` and `tokenizer_config.json`, relative to this file; the name of a model on Hugging Face whose tokenizer is in the local cache; `builtin:deepseek-v3`; or `server`, which has the measured server count the tokens of prompts. Default: `builtin:deepseek-v3` for DeepSeek V3 and R1 models, else the tokenizer of the model’s own name in the cache.',
  'write a folder with tokenizer.json and tokenizer_config.json, a name such as Qwen/Qwen3-8B, or builtin:deepseek-v3',
)

const weight = field(
  z.number().min(0),
  'How many requests carry this name, relative to the others of the list; 0 deploys a model without asking it. Default: 1.',
  'write a number from 0, such as 3',
)

const mixed = z.strictObject({ name, tokenizer: tokenizer.optional(), weight: weight.optional() })

/** Schema of the section `model`. */
export const modelSchema = field(
  z.union([name, z.strictObject({ name, tokenizer: tokenizer.optional() }), z.array(z.union([name, mixed])).min(2)]),
  'The served model and the tokenizer that counts its tokens. A bare name is short for `{ name: … }`. A list mixes requests for several names by `weight`, such as the LoRA adapters of a model: its first entry is the model that is deployed, and its tokenizer counts all.',
  'write a model name, { name: …, tokenizer: … }, or a list such as [base, { name: lora-a, weight: 3 }]',
)
