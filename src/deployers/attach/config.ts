import { z } from 'zod'
import { dialects } from '../../model/index.ts'
import { field, positiveInt } from '../../yaml/field.ts'
import { decisive, operational, type ReadKeys } from '../../yaml/keys.ts'
import { baseUrl } from '../../yaml/kinds.ts'
import { apiKeyVariable } from '../keys.ts'

/** Keys of `deploy` for an endpoint that is already running. Only a change of `api_key_env` keeps point ids. */
export const attachKeys = {
  url: decisive(
    field(
      baseUrl,
      'Base URL of the running endpoint: the part before `/v1/…`, including the sub-path of a gateway.',
      'write a URL such as http://127.0.0.1:8000',
    ),
  ),
  gpus: decisive(
    field(
      positiveInt,
      'All GPUs behind the endpoint, including those of prefill workers.',
      'write the number of GPUs behind the endpoint',
    ),
  ),
  api_key_env: operational(apiKeyVariable.optional()),
  dialect: decisive(
    field(
      z.enum(dialects),
      'Dialect of the server, which decides how a request asks to ignore end-of-sequence. Default: `dynamo-1`.',
      'write dynamo-0.3, dynamo-1, vllm or openai',
    ).default('dynamo-1'),
  ),
}

/** An endpoint that is already running. It has one topology, and Fulcrum starts and stops nothing. */
export type AttachConfig = ReadKeys<typeof attachKeys>
