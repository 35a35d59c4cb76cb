import { z } from 'zod'
import { defaultGenerator, generators } from '../../generators/index.ts'
import { field, json } from '../../yaml/field.ts'

const shipped = generators.map(({ name }) => name)

const about = `The load generator: a built-in one, or your own, by the path of a module (\`./my-generator.ts\`, relative to this file) or the name of an installed package. Default: \`${defaultGenerator.name}\`.`
const right = `write ${shipped.join(', ')}, or { name: …, command: …, args: […] }, or { name: built-in, shards: … }`

const name = field(z.string().min(1), about, right)

/** Schema of the section `generator`: a name, or a name with keys, which the generator interprets. */
export const generatorSchema = field(z.union([name, z.looseObject({ name })]), about, right)

/** Schema for editors, with the keys of the shipped generators. */
export const generatorSchemaOfShipped = z
  .union([
    z.enum(shipped),
    ...generators.map(one => one.schema.extend({ name: z.literal(one.name) })),
    ofOthers(),
    z.object({ name: ofOthers() }).catchall(json),
  ])
  .describe(about)

/** Schema of names of generators that are not shipped. */
function ofOthers() {
  const pattern = new RegExp(`^(?!(?:${shipped.join('|')})$).+$`)
  return z.string().regex(pattern).describe('Path of a module that defines a generator, or name of a package.')
}
