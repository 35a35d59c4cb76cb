import { z } from 'zod'
import { dialects } from '../../model/index.ts'
import { field, positiveInt } from '../../yaml/field.ts'
import { decisive, operational, type ReadKeys } from '../../yaml/keys.ts'
import { baseUrl } from '../../yaml/kinds.ts'
import { apiKeyVariable } from '../keys.ts'

export const attachKeys = {
  url: decisive(
    field(
      baseUrl,
      'Base URL of the running endpoint: what stands before `/v1/…`, a gateway’s sub-path included.',
      'write a URL such as http://127.0.0.1:8000',
    ),
  ),
  gpus: decisive(
    field(
      positiveInt,
      'All GPUs that the endpoint holds, prefill’s included.',
      'write the number of GPUs behind the endpoint',
    ),
  ),
  api_key_env: operational(apiKeyVariable.optional()),
  dialect: decisive(
    field(
      z.enum(dialects),
      'How the server spells “do not stop at end-of-sequence”. Default: `dynamo-1`.',
      'write dynamo-0.3, dynamo-1, vllm or openai',
    ).default('dynamo-1'),
  ),
}

/** An endpoint that somebody else runs: one topology, nothing is started or stopped. */
export type AttachConfig = ReadKeys<typeof attachKeys>
