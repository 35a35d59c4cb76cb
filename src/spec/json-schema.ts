import { z } from 'zod'
import { deploySchemaForEditors } from './schema/deploy.ts'
import { generatorSchemaOfShipped } from './schema/generator.ts'
import { sweepSchema } from './schema/sweep.ts'

/** JSON Schema of a sweep file (draft 2020-12), for editors. Derived from the schema that validates files. */
export function sweepJsonSchema(): object {
  const forEditors = sweepSchema.extend({
    deploy: deploySchemaForEditors(),
    generator: generatorSchemaOfShipped.optional(),
  })
  const { $schema, ...rest } = z.toJSONSchema(forEditors, { io: 'input', target: 'draft-2020-12', reused: 'ref' })
  return {
    $schema,
    title: 'Fulcrum sweep file',
    description:
      'What to sweep, on which deployment, under which load. docs/reference/sweep-file.md explains every key.',
    ...rest,
  }
}
