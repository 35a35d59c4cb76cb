import { z } from 'zod'
import type { AnyDeployer } from '../../deployers/define-deployer.ts'
import { deployers } from '../../deployers/index.ts'
import type { Json } from '../../model/index.ts'
import { field, json } from '../../yaml/field.ts'

/** A valid `deploy` section. Its deployer interprets the keys. */
export type RawDeploy = { readonly with: string; readonly [key: string]: Json }

const about =
  'How the system is deployed and changed. `with` names the deployer: a built-in one, or your own, by the path of a module (`./my-deployer.ts`, relative to this file) or the name of an installed package.'

/** Schema of the section `deploy` for the given deployers. */
export function deploySchemaOf(known: readonly AnyDeployer[]) {
  const schema = sectionOfOne(known)
  const right = `write { with: ${known.map(({ name }) => name).join(' | ')}, … }`
  return field(schema as unknown as z.ZodType<RawDeploy, RawDeploy>, about, right)
}

/** Schema for editors: the section of a shipped deployer or of a plug-in. */
export function deploySchemaForEditors() {
  const shipped = deployers.map(({ name }) => name)
  const ofOthers = z
    .string()
    .regex(new RegExp(`^(?!(?:${shipped.join('|')})$).+$`))
    .describe('Path of a module that defines a deployer, or name of a package.')
  return z
    .union([...deployers.map(({ schema }) => schema), z.object({ with: ofOthers }).catchall(json)])
    .describe(about)
}

function sectionOfOne(known: readonly AnyDeployer[]) {
  const [first, ...others] = known.map(({ schema }) => schema)
  if (first === undefined) throw new Error('there are no deployers')
  return z.discriminatedUnion('with', [first, ...others])
}
