import { z } from 'zod'
import type { AnyDeployer } from '../../deployers/define-deployer.ts'
import { deployers } from '../../deployers/index.ts'
import type { Json } from '../../model/index.ts'
import { field } from '../../yaml/field.ts'

/** A `deploy` section whose schema let it through; what its keys mean, its deployer knows. */
export type RawDeploy = { readonly with: string; readonly [key: string]: Json }

/** The `deploy` section of a sweep file, for the given deployers. */
export function deploySchemaOf(known: readonly AnyDeployer[]) {
  const [first, ...others] = known.map(({ schema }) => schema)
  if (first === undefined) throw new Error('there are no deployers')
  const schema = z.discriminatedUnion('with', [first, ...others])
  return field(
    schema as unknown as z.ZodType<RawDeploy, RawDeploy>,
    'How the system is brought up and changed: `with` names the deployer.',
    `write { with: ${known.map(({ name }) => name).join(' | ')}, … }`,
  )
}

export const deploySchema = deploySchemaOf(deployers)
