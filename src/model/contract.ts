/**
 * Kinds of plug-ins, and the version of each contract. A version increases when definitions of the old kind no longer
 * work.
 */
export const contracts = { deployer: 1, generator: 1 } as const

/** What a plug-in can add. */
export type ContractKind = keyof typeof contracts

/** A registered symbol, so that a plug-in with its own copy of Fulcrum uses the same one. */
const brandOf = (kind: ContractKind) => Symbol.for(`fulcrum.${kind}`)

/** Marks a definition with the version of its contract. */
export function branded<T extends object>(kind: ContractKind, definition: T): T {
  return Object.freeze({ ...definition, [brandOf(kind)]: contracts[kind] })
}

/** Contract of a value; null if no `define` function of Fulcrum made it. */
export function contractOf(value: unknown): { readonly kind: ContractKind; readonly version: number } | null {
  if (typeof value !== 'object' || value === null) return null
  for (const kind of Object.keys(contracts) as ContractKind[]) {
    const version: unknown = Reflect.get(value, brandOf(kind))
    if (typeof version === 'number') return { kind, version }
  }
  return null
}
