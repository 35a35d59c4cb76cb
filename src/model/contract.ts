/**
 * What others may define, and the version of each contract. A version rises when a definition of the old kind no longer
 * works.
 */
export const contracts = { deployer: 1, generator: 1 } as const

export type ContractKind = keyof typeof contracts

/** A registered symbol: a plug-in with its own copy of Fulcrum carries the same one. */
const brandOf = (kind: ContractKind) => Symbol.for(`fulcrum.${kind}`)

/** The definition, marked with the version of the contract that it keeps. */
export function branded<T extends object>(kind: ContractKind, definition: T): T {
  return Object.freeze({ ...definition, [brandOf(kind)]: contracts[kind] })
}

/** The contract that a value keeps; null when it comes from no `define` function of Fulcrum. */
export function contractOf(value: unknown): { readonly kind: ContractKind; readonly version: number } | null {
  if (typeof value !== 'object' || value === null) return null
  for (const kind of Object.keys(contracts) as ContractKind[]) {
    const version: unknown = Reflect.get(value, brandOf(kind))
    if (typeof version === 'number') return { kind, version }
  }
  return null
}
